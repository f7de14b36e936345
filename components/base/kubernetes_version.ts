/** The Kubernetes whose behaviour all of this has. */
export const KUBERNETES_VERSION = "v1.36.2";
