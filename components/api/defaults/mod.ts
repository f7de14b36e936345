import type { JsonObject } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";
import {
  ADMISSION_DEFAULTS,
  APIEXTENSIONS_DEFAULTS,
  APIREGISTRATION_DEFAULTS,
  AUTHENTICATION_DEFAULTS,
  DISCOVERY_DEFAULTS,
  FLOWCONTROL_DEFAULTS,
  NETWORKING_DEFAULTS,
  RBAC_DEFAULTS,
  RESOURCE_DEFAULTS,
  SCHEDULING_DEFAULTS,
  STORAGE_DEFAULTS,
} from "./cluster.ts";
import { CORE_DEFAULTS } from "./core.ts";
import type { Fill } from "./fill.ts";
import {
  APPS_DEFAULTS,
  AUTOSCALING_V1_DEFAULTS,
  AUTOSCALING_V2_DEFAULTS,
  BATCH_DEFAULTS,
} from "./workloads.ts";

/** Fills in a kind's defaults, in place. */
export type Defaulter = (object: KubeObject) => void;

const DEFAULTS: Readonly<Record<string, Readonly<Record<string, Fill>>>> = {
  "/v1": CORE_DEFAULTS,
  "admissionregistration.k8s.io/v1": ADMISSION_DEFAULTS,
  "apiextensions.k8s.io/v1": APIEXTENSIONS_DEFAULTS,
  "apiregistration.k8s.io/v1": APIREGISTRATION_DEFAULTS,
  "apps/v1": APPS_DEFAULTS,
  "authentication.k8s.io/v1": AUTHENTICATION_DEFAULTS,
  "autoscaling/v1": AUTOSCALING_V1_DEFAULTS,
  "autoscaling/v2": AUTOSCALING_V2_DEFAULTS,
  "batch/v1": BATCH_DEFAULTS,
  "discovery.k8s.io/v1": DISCOVERY_DEFAULTS,
  "flowcontrol.apiserver.k8s.io/v1": FLOWCONTROL_DEFAULTS,
  "networking.k8s.io/v1": NETWORKING_DEFAULTS,
  "rbac.authorization.k8s.io/v1": RBAC_DEFAULTS,
  "resource.k8s.io/v1": RESOURCE_DEFAULTS,
  "scheduling.k8s.io/v1": SCHEDULING_DEFAULTS,
  "storage.k8s.io/v1": STORAGE_DEFAULTS,
};

/** The defaulter of a built-in kind; it changes nothing for kinds without defaults. */
export function defaulterOf({ group, version, kind }: GroupVersionKind): Defaulter {
  const defaults = DEFAULTS[`${group}/${version}`]?.[kind];
  if (defaults === undefined) return () => {};
  return (object) => defaults(object as unknown as JsonObject);
}
