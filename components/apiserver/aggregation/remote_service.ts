import type { APIService } from "../../api/served.ts";
import { equalJson } from "../../base/mod.ts";

/** An API that a server behind this one answers. */
export interface RemoteService {
  /** Of its APIService: `v1beta1.metrics.k8s.io`. */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  /** PEM in base64. */
  readonly caBundle: string | undefined;
  readonly insecure: boolean;
  readonly priority: { readonly group: number; readonly version: number };
  readonly available: boolean;
}

const HTTPS_PORT = 443;

/** Undefined for an API that this server answers itself. Pure. */
export function remoteOf({ metadata, spec = {}, status }: APIService): RemoteService | undefined {
  const { service } = spec;
  if (service === undefined) return undefined;
  const available = status?.conditions?.find(({ type }) => type === "Available");
  return {
    name: metadata?.name ?? "",
    group: spec.group ?? "",
    version: spec.version ?? "",
    service: {
      namespace: service.namespace ?? "",
      name: service.name ?? "",
      port: service.port ?? HTTPS_PORT,
    },
    caBundle: spec.caBundle,
    insecure: spec.insecureSkipTLSVerify === true,
    priority: { group: spec.groupPriorityMinimum ?? 0, version: spec.versionPriority ?? 0 },
    available: available?.status === "True",
  };
}

/** True where both are reached in the same way. Pure. */
export function sameRoute(a: RemoteService, b: RemoteService): boolean {
  return equalJson(a.service, b.service) && a.caBundle === b.caBundle && a.insecure === b.insecure;
}

/** The path under which a version is served. */
export const pathOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
