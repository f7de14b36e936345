import type { CertificateSigningRequest } from "../../api/mod.ts";
import type { CertificateUsage, SigningRequest } from "../../pki/mod.ts";

export const CLIENT = "kubernetes.io/kube-apiserver-client";
export const KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
export const KUBELET_SERVING = "kubernetes.io/kubelet-serving";
export const LEGACY = "kubernetes.io/legacy-unknown";

export const SIGNERS: readonly string[] = [CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY];

/** --cluster-signing-duration, and the least that a request may ask for. */
const LIFETIME_MAXIMUM_SECONDS = 365 * 24 * 3600;
const LIFETIME_MINIMUM_SECONDS = 600;

const BASIC_USAGES = ["digital signature", "key encipherment"];

/** Why a request may not be signed by its signer; undefined where it may. */
export function requestProblem(
  csr: CertificateSigningRequest,
  request: SigningRequest,
): string | undefined {
  const usages = csr.spec?.usages ?? [];
  const only = (...allowed: string[]) =>
    usages.every((usage) => [...BASIC_USAGES, ...allowed].includes(usage));
  switch (csr.spec?.signerName) {
    case CLIENT:
      if (!usages.includes("client auth") || !only("client auth")) {
        return "usages did not match expected usages: [client auth digital signature key encipherment]";
      }
      return undefined;
    case KUBELET_CLIENT:
      return nodeNameProblem(request) ??
        (hasNames(request) ? "SANs are not allowed" : undefined) ??
        (usages.includes("client auth") && only("client auth")
          ? undefined
          : "usages did not match [client auth digital signature key encipherment]");
    case KUBELET_SERVING:
      return nodeNameProblem(request) ??
        (request.dnsNames.length + request.ipAddresses.length === 0
          ? "DNS or IP subjectAltName is required"
          : undefined) ??
        (request.emailAddresses.length > 0 ? "Email subjectAltNames are not allowed" : undefined) ??
        (request.uris.length > 0 ? "URI subjectAltNames are not allowed" : undefined) ??
        (usages.includes("server auth") && only("server auth")
          ? undefined
          : "usages did not match [digital signature key encipherment server auth]");
    default:
      return undefined;
  }
}

function nodeNameProblem({ subject }: SigningRequest): string | undefined {
  if (subject.organizations.length !== 1 || subject.organizations[0] !== "system:nodes") {
    return "subject organization is not system:nodes";
  }
  return subject.commonName.startsWith("system:node:")
    ? undefined
    : "subject common name does not begin with system:node:";
}

const hasNames = (request: SigningRequest): boolean =>
  request.dnsNames.length + request.ipAddresses.length + request.emailAddresses.length +
      request.uris.length > 0;

export function usagesOf(csr: CertificateSigningRequest): CertificateUsage[] {
  const usages = csr.spec?.usages ?? [];
  return [
    ...(usages.includes("client auth") ? ["client" as const] : []),
    ...(usages.includes("server auth") ? ["server" as const] : []),
  ];
}

export function lifetimeMilliseconds(csr: CertificateSigningRequest): number {
  const asked = csr.spec?.expirationSeconds ?? LIFETIME_MAXIMUM_SECONDS;
  return Math.min(LIFETIME_MAXIMUM_SECONDS, Math.max(LIFETIME_MINIMUM_SECONDS, asked)) * 1000;
}

/** The conditions that a request carries. */
export function verdictOf(csr: CertificateSigningRequest) {
  const has = (type: string) => csr.status?.conditions?.some((one) => one.type === type) ?? false;
  return { approved: has("Approved"), denied: has("Denied"), failed: has("Failed") };
}
