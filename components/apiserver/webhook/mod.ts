/** How the API server calls webhooks: those of admission, and those that convert custom resources. */
export { addressOf, authoritiesOf, type WebhookClientConfig } from "./client_config.ts";
export { endpointOf } from "./service_endpoint.ts";
export {
  type CallWebhook,
  type WebhookCall,
  WebhookCaller,
  type WebhookCallerOptions,
} from "./webhook_caller.ts";
export { WebhookError } from "./webhook_error.ts";
