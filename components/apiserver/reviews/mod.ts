/** Requests that are answered, not stored: who am I, may I, a token please. */
export { accessReviews } from "./access_reviews.ts";
export { authenticationReviews } from "./authentication_reviews.ts";
export {
  OPENID_CONFIGURATION_PATH,
  OPENID_KEYS_PATH,
  openIdConfiguration,
  openIdKeys,
} from "./openid.ts";
export { type TokenRequestOptions, TokenRequests } from "./token_request.ts";
