/** Object identifiers of a name's attributes by the name their standards give them. */
export const Oid = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  /** Kubernetes' own attribute for the UID of a user. */
  kubernetesUid: "1.3.6.1.4.1.57683.2",
} as const;
