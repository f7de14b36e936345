/** What kinds and fields are for, in our own words: a file for each API group. */
import { Descriptions, type GroupTexts } from "./descriptions.ts";
export { Descriptions, NO_DESCRIPTIONS } from "./descriptions.ts";

const FILES: Readonly<Record<string, () => Promise<{ readonly default: GroupTexts }>>> = {
  admissionregistration: () => import("./admissionregistration.json", { with: { type: "json" } }),
  apiextensions: () => import("./apiextensions.json", { with: { type: "json" } }),
  apiregistration: () => import("./apiregistration.json", { with: { type: "json" } }),
  apps: () => import("./apps.json", { with: { type: "json" } }),
  authentication: () => import("./authentication.json", { with: { type: "json" } }),
  authorization: () => import("./authorization.json", { with: { type: "json" } }),
  autoscaling: () => import("./autoscaling.json", { with: { type: "json" } }),
  batch: () => import("./batch.json", { with: { type: "json" } }),
  certificates: () => import("./certificates.json", { with: { type: "json" } }),
  coordination: () => import("./coordination.json", { with: { type: "json" } }),
  core: () => import("./core.json", { with: { type: "json" } }),
  discovery: () => import("./discovery.json", { with: { type: "json" } }),
  events: () => import("./events.json", { with: { type: "json" } }),
  flowcontrol: () => import("./flowcontrol.json", { with: { type: "json" } }),
  meta: () => import("./meta.json", { with: { type: "json" } }),
  networking: () => import("./networking.json", { with: { type: "json" } }),
  node: () => import("./node.json", { with: { type: "json" } }),
  policy: () => import("./policy.json", { with: { type: "json" } }),
  rbac: () => import("./rbac.json", { with: { type: "json" } }),
  resource: () => import("./resource.json", { with: { type: "json" } }),
  scheduling: () => import("./scheduling.json", { with: { type: "json" } }),
  storage: () => import("./storage.json", { with: { type: "json" } }),
  version: () => import("./version.json", { with: { type: "json" } }),
};

let loaded: Promise<Descriptions> | undefined;

/** Reads the texts when they are first wanted: a server that nobody asks for documents never does. */
export function loadDescriptions(): Promise<Descriptions> {
  return loaded ??= Promise.all(
    Object.entries(FILES).map(([group, load]) =>
      load().then((file) => [group, file.default] as const)
    ),
  ).then((groups) => new Descriptions(Object.fromEntries(groups)));
}
