import { cloneJson } from "../../base/mod.ts";
import type { Event, KubeObject, ResourceDefinition } from "../../api/served.ts";
import { autoscalingV1ToV2, autoscalingV2ToV1 } from "./autoscaling_conversion.ts";
import { apiVersionOf, asJson } from "./encoding.ts";

/**
 * An object of one version of a resource as another version has it. Most versions of a kind have the same fields; the
 * few that differ stand here.
 */
export function convertObject(
  object: KubeObject,
  from: ResourceDefinition,
  to: ResourceDefinition,
): KubeObject {
  if (from === to) return object;
  if (to.custom !== undefined) {
    const converted = cloneJson(object);
    converted.apiVersion = apiVersionOf(to);
    to.custom.coerce(asJson(converted));
    return converted;
  }
  const target = { ...object, apiVersion: apiVersionOf(to), kind: to.kind };
  if (to.kind === "Event" && to.group === "events.k8s.io") return eventToNew(target as Event);
  if (to.kind === "Event" && to.group === "") return eventToOld(target as NewEvent);
  if (to.kind === "HorizontalPodAutoscaler") {
    return to.version === "v1" ? autoscalingV2ToV1(target) : autoscalingV1ToV2(target);
  }
  return target;
}

/** events.k8s.io/v1: the same record under newer names. */
interface NewEvent extends KubeObject {
  note?: string;
  regarding?: Event["involvedObject"];
  reportingController?: string;
  deprecatedCount?: number;
  deprecatedFirstTimestamp?: string;
  deprecatedLastTimestamp?: string;
  deprecatedSource?: Event["source"];
}

function eventToNew(event: Event): KubeObject {
  const {
    message,
    involvedObject,
    reportingComponent,
    count,
    firstTimestamp,
    lastTimestamp,
    source,
    ...rest
  } = event;
  return defined({
    ...rest,
    note: message,
    regarding: involvedObject,
    reportingController: reportingComponent,
    deprecatedCount: count,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedSource: source,
  });
}

function eventToOld(event: NewEvent): KubeObject {
  const {
    note,
    regarding,
    reportingController,
    deprecatedCount,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedSource,
    ...rest
  } = event;
  return defined({
    ...rest,
    message: note,
    involvedObject: regarding ?? {},
    reportingComponent: reportingController,
    count: deprecatedCount,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    source: deprecatedSource,
  });
}

function defined(object: Record<string, unknown>): KubeObject {
  for (const key in object) if (object[key] === undefined) delete object[key];
  return object as KubeObject;
}
