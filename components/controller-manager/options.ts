import type { Clock, Logger, Random } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import type { CertificateAuthority, ServiceAccountKeys } from "../pki/mod.ts";

/** What a controller manager is started with; the flags of kube-controller-manager in parentheses. */
export interface ControllerManagerOptions {
  readonly client: Client;
  /**
   * The client that a controller, by its name, writes with; all write with `client` where absent. Caches are filled by
   * `client` in any case (--use-service-account-credentials).
   */
  readonly clientFor?: (controller: string) => Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** `*`, names, and `-name` to leave out (--controllers). */
  readonly controllers?: readonly string[];
  /** PEM that kube-root-ca.crt and token secrets hand out (--root-ca-file). */
  readonly rootCa?: string;
  /** Signs the tokens of legacy secrets (--service-account-private-key-file). */
  readonly serviceAccountKeys?: ServiceAccountKeys;
  /** Signs certificate requests (--cluster-signing-cert-file and -key-file). */
  readonly signingAuthority?: CertificateAuthority;
  /** Ranges that nodes get their podCIDRs from, one a family; none leaves node-ipam off (--cluster-cidr). */
  readonly clusterCidrs?: readonly string[];
  /** Ranges that no node may get (--service-cluster-ip-range). */
  readonly serviceCidrs?: readonly string[];
  /** --node-monitor-grace-period, 50 s. */
  readonly nodeMonitorGraceMilliseconds?: number;
  /** --terminated-pod-gc-threshold, 12500. */
  readonly terminatedPodThreshold?: number;
}
