/** Object identifiers by the name their standards give them: attributes of names, extensions, purposes, algorithms. */
export const Oid = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  /** Kubernetes' own attribute for the UID of a user. */
  kubernetesUid: "1.3.6.1.4.1.57683.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;
