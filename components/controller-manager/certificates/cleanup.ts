import type { CertificateSigningRequest } from "../../api/mod.ts";
import { decodePem, readCertificate } from "../../pki/mod.ts";
import { timeOf } from "../pod_state.ts";

const HOUR_MILLISECONDS = 3_600_000;

/** True for a request that nobody needs any more: decided an hour ago, ignored for a day, or run out. */
export function isStale(csr: CertificateSigningRequest, now: number): boolean {
  const age = (time: string | undefined) => now - timeOf(time);
  for (const { type, lastUpdateTime } of csr.status?.conditions ?? []) {
    const isDecided = type === "Approved" || type === "Denied" || type === "Failed";
    if (isDecided && age(lastUpdateTime) > HOUR_MILLISECONDS) return true;
  }
  const undecided = (csr.status?.conditions ?? []).length === 0;
  if (undecided && age(csr.metadata?.creationTimestamp) > 24 * HOUR_MILLISECONDS) return true;
  return hasExpired(csr.status?.certificate, now);
}

function hasExpired(certificate: string | undefined, now: number): boolean {
  if (certificate === undefined || certificate === "") return false;
  try {
    const block = decodePem(atob(certificate)).find(({ label }) => label === "CERTIFICATE");
    return block !== undefined && readCertificate(block.bytes).notAfter < now;
  } catch {
    return false;
  }
}
