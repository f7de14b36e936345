import { KUBERNETES_VERSION } from "../../base/mod.ts";
import { PLAIN, writeBody } from "../negotiation/mod.ts";
import type { Endpoint } from "./endpoint.ts";

/** What `/version` says. */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
  readonly emulationMajor?: string;
  readonly emulationMinor?: string;
  readonly minCompatibilityMajor?: string;
  readonly minCompatibilityMinor?: string;
}

/** The Kubernetes that this server is compatible with, on this machine. */
export const DEFAULT_VERSION: VersionInfo = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: KUBERNETES_VERSION,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: `deno ${Deno.version.deno}`,
  platform: `${Deno.build.os}/${Deno.build.arch === "aarch64" ? "arm64" : "amd64"}`,
};

export function serveVersion(info: VersionInfo = DEFAULT_VERSION): Endpoint {
  return ({ request }) => writeBody(info, { ...PLAIN, pretty: true }, request);
}
