/** Keys and certificates: authorities, what they sign, service-account keys, kubeconfigs. */
export {
  AUTHORITY_LIFETIME_MILLISECONDS,
  CertificateAuthority,
  LEAF_LIFETIME_MILLISECONDS,
  type LeafProfile,
} from "./authority.ts";
export type { CertificateUsage, Subject } from "./certificate.ts";
export { DerError } from "./certificate_error.ts";
export {
  type CertificateFacts,
  isIssuedBy,
  readCertificate,
  readSubjectUid,
} from "./certificate_reader.ts";
export { apiServerNames, CLIENT_SUBJECTS, nodeSubject } from "./identities.ts";
export { generateKeyPair, importKeyPair, type KeyPair } from "./key_pair.ts";
export { type KubeconfigContents, kubeconfigText } from "./kubeconfig.ts";
export { decodePem, encodePem, type PemBlock } from "./pem.ts";
export { FRONT_PROXY_SUBJECT } from "./identities.ts";
export { type Credential, openPki, Pki, type ServingProfile } from "./pki.ts";
export type { ServiceAccountKeys, TokenVerificationKey } from "./service_account_key.ts";
export {
  createSigningRequest,
  readSigningRequest,
  type SigningRequest,
} from "./signing_request.ts";
