import { KUBELET_VERSION } from "../kubelet/mod.ts";

/** This program's own version. */
export const CORACLE_VERSION = "0.1.0";

/** The Kubernetes whose behaviour this is. */
export const KUBERNETES_VERSION = KUBELET_VERSION;

/** How the components name themselves to the API server. */
export function userAgent(component: string): string {
  return `${component}/${KUBERNETES_VERSION} (${Deno.build.os}/${architecture()}) coracle/${CORACLE_VERSION}`;
}

function architecture(): string {
  return Deno.build.arch === "x86_64" ? "amd64" : "arm64";
}
