import type { EnabledPlugin, ExtensionPoint } from "./configuration.ts";

export interface CatalogPlugin {
  readonly name: string;
  readonly weight?: number;
  readonly points: readonly ExtensionPoint[];
}

/** The default profile's multiPoint list, in upstream's order, with what each plugin extends. */
export const DEFAULT_PLUGINS: readonly CatalogPlugin[] = [
  { name: "SchedulingGates", points: ["preEnqueue"] },
  { name: "PrioritySort", points: ["queueSort"] },
  { name: "NodeUnschedulable", points: ["filter"] },
  { name: "NodeName", points: ["filter"] },
  { name: "TaintToleration", weight: 3, points: ["filter", "preScore", "score"] },
  { name: "NodeAffinity", weight: 2, points: ["preFilter", "filter", "preScore", "score"] },
  { name: "NodePorts", points: ["preFilter", "filter"] },
  { name: "NodeResourcesFit", weight: 1, points: ["preFilter", "filter", "preScore", "score"] },
  { name: "VolumeRestrictions", points: ["preFilter", "filter"] },
  { name: "NodeVolumeLimits", points: ["preFilter", "filter"] },
  {
    name: "VolumeBinding",
    points: ["preFilter", "filter", "reserve", "preBind", "preScore", "score"],
  },
  { name: "VolumeZone", points: ["preFilter", "filter"] },
  { name: "PodTopologySpread", weight: 2, points: ["preFilter", "filter", "preScore", "score"] },
  { name: "InterPodAffinity", weight: 2, points: ["preFilter", "filter", "preScore", "score"] },
  {
    name: "DynamicResources",
    weight: 2,
    points: ["preEnqueue", "preFilter", "filter", "postFilter", "reserve", "preBind", "score"],
  },
  { name: "DefaultPreemption", points: ["postFilter", "preEnqueue"] },
  { name: "NodeResourcesBalancedAllocation", weight: 1, points: ["preScore", "score"] },
  { name: "ImageLocality", weight: 1, points: ["score"] },
  { name: "DefaultBinder", points: ["bind"] },
  { name: "NodeDeclaredFeatures", points: ["preFilter", "filter"] },
];

/** The same as a configuration would enable it. */
export const DEFAULT_MULTI_POINT: readonly EnabledPlugin[] = DEFAULT_PLUGINS.map((
  { name, weight },
) => weight === undefined ? { name } : { name, weight });

/** Plugins that earlier versions had. */
export const REMOVED_PLUGINS: ReadonlySet<string> = new Set([
  "AzureDiskLimits",
  "CinderLimits",
  "EBSLimits",
  "GCEPDLimits",
]);
