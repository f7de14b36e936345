/** Encryption at rest: what lies in the store is encrypted as a configuration says, in upstream's format. */
export { failureOf } from "./broken_value.ts";
export { EncryptedStore } from "./encrypted_store.ts";
export { Encryption } from "./encryption.ts";
export { type EncryptionConfig, readEncryptionConfig } from "./encryption_config.ts";
export { type EncryptionOptions, openEncryption } from "./open_encryption.ts";
