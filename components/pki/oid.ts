/** Object identifiers by the name their standards give them. */
export const Oid = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  /** Kubernetes' own attribute for the UID of a user. */
  kubernetesUid: "1.3.6.1.4.1.57683.2",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
  clientAuthentication: "1.3.6.1.5.5.7.3.2",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  ecdsaWithSha384: "1.2.840.10045.4.3.3",
  ecdsaWithSha512: "1.2.840.10045.4.3.4",
  rsaWithSha256: "1.2.840.113549.1.1.11",
  rsaWithSha384: "1.2.840.113549.1.1.12",
  rsaWithSha512: "1.2.840.113549.1.1.13",
  ed25519: "1.3.101.112",
  extensionRequest: "1.2.840.113549.1.9.14",
} as const;
