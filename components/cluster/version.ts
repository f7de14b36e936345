import { KUBERNETES_VERSION } from "../base/mod.ts";

/** This program's own version. */
export const CORACLE_VERSION = "0.1.0";

export { KUBERNETES_VERSION };

/** How the components name themselves to the API server. */
export function userAgent(component: string): string {
  return `${component}/${KUBERNETES_VERSION} (${Deno.build.os}/${architecture()}) coracle/${CORACLE_VERSION}`;
}

function architecture(): string {
  return Deno.build.arch === "x86_64" ? "amd64" : "arm64";
}
