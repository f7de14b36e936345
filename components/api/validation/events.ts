import { equalJson } from "../../base/mod.ts";
import type { Event, EventsV1Event } from "../generated/types.ts";
import { byteLength, qualifiedNameProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";

const LIMIT = 128;
const NOTE_LIMIT = 1024;
const OBJECT_NAMESPACE = Path.of("involvedObject", "namespace");

/** An event in the members of both groups: paths are upstream's own, the core group's for both. */
interface Told {
  readonly namespace: string;
  readonly about: string;
  readonly eventTime: string | undefined;
  readonly controller: string;
  readonly instance: string;
  readonly action: string;
  readonly reason: string;
  readonly note: string;
}

export function validateEvent(event: Event, errors: Errors): void {
  validateTold({
    namespace: event.metadata?.namespace ?? "",
    about: event.involvedObject?.namespace ?? "",
    eventTime: event.eventTime,
    controller: event.reportingComponent ?? "",
    instance: event.reportingInstance ?? "",
    action: event.action ?? "",
    reason: event.reason ?? "",
    note: event.message ?? "",
  }, errors);
}

function validateTold(told: Told, errors: Errors): void {
  const { namespace, about } = told;
  const elsewhere = told.eventTime === undefined
    ? about === "" ? !["", "default"].includes(namespace) : about !== namespace
    : about === "" && !["default", "kube-system"].includes(namespace);
  if (elsewhere) errors.invalid(OBJECT_NAMESPACE, about, "does not match event.namespace");
  if (told.eventTime === undefined) return;
  const controller = Path.of("reportingController");
  if (told.controller === "") errors.required(controller);
  errors.invalidAll(controller, told.controller, qualifiedNameProblems(told.controller));
  for (
    const [member, text] of [
      ["reportingInstance", told.instance],
      ["action", told.action],
      ["reason", told.reason],
    ] as const
  ) {
    if (text === "") errors.required(Path.of(member));
    validateLength(text, LIMIT, Path.of(member), errors);
  }
  validateLength(told.note, NOTE_LIMIT, Path.of("message"), errors);
}

function validateLength(text: string, limit: number, path: Path, errors: Errors): void {
  if (byteLength(text) > limit) errors.invalid(path, "", `can have at most ${limit} characters`);
}

function validateTimed(event: EventsV1Event, errors: Errors): void {
  validateTold({
    namespace: event.metadata?.namespace ?? "",
    about: event.regarding?.namespace ?? "",
    eventTime: event.eventTime,
    controller: event.reportingController ?? "",
    instance: event.reportingInstance ?? "",
    action: event.action ?? "",
    reason: event.reason ?? "",
    note: event.note ?? "",
  }, errors);
}

function validateSeries({ series }: EventsV1Event, errors: Errors): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) {
    errors.invalid(Path.of("series.count"), "", "should be at least 2");
  }
  if (series.lastObservedTime === undefined) errors.required(Path.of("series.lastObservedTime"));
}

/** Of `events.k8s.io`, where all of an event must be said. */
export function validateEventsEvent(event: EventsV1Event, errors: Errors): void {
  validateTimed(event, errors);
  validateSeries(event, errors);
  if (event.eventTime === undefined) errors.required(Path.of("eventTime"));
  const { type = "" } = event;
  if (type !== "Normal" && type !== "Warning") {
    errors.invalid(Path.of("type"), "", `has invalid value: ${type}`);
  }
  const old = {
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: event.deprecatedCount || undefined,
    source: event.deprecatedSource?.component || event.deprecatedSource?.host || undefined,
  };
  for (const [member, value] of Object.entries(old)) {
    if (value !== undefined) errors.invalid(Path.of(member), "", "needs to be unset");
  }
}

/** What an event told stays: members here, and what upstream calls them. */
const KEPT: readonly (readonly [keyof EventsV1Event, string])[] = [
  ["regarding", "involvedObject"],
  ["reason", "reason"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
  ["type", "type"],
  ["eventTime", "eventTime"],
  ["action", "action"],
  ["related", "related"],
  ["reportingController", "reportingController"],
  ["reportingInstance", "reportingInstance"],
];

export function validateEventsEventUpdate(
  next: EventsV1Event,
  old: EventsV1Event,
  errors: Errors,
): void {
  validateTimed(next, errors);
  if (!equalJson(next.series, old.series)) validateSeries(next, errors);
  for (const [member, name] of KEPT) {
    if (!equalJson(next[member], old[member])) {
      errors.invalid(Path.of(name), next[member] ?? null, IMMUTABLE);
    }
  }
}
