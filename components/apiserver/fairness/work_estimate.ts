import type { RequestInfo } from "../ports.ts";

/** What a request is taken to cost. */
export interface Work {
  /** While it is answered. */
  readonly seats: number;
  /** After it is answered, while watchers hear of it. */
  readonly finalSeats: number;
  readonly finalMilliseconds: number;
}

/** How many objects and watchers a request has to do with. */
export interface WorkCounts {
  /** Objects of the resource, in all namespaces; 0 where it is not stored. */
  objects(info: RequestInfo): number;
  /** Watches that would hear of a change. */
  watchers(info: RequestInfo): number;
}

export const ONE_SEAT: Work = { seats: 1, finalSeats: 0, finalMilliseconds: 0 };
const OBJECTS_PER_SEAT = 100;
const LIST_SEATS_MAXIMUM = 100;
const WATCHERS_PER_SEAT = 10;
/** What it takes to tell one seat's watchers of one event: measured, 12 microseconds each. */
const EVENT_MILLISECONDS = 0.12;
const DEFAULT_LIMIT = 500;

/** Estimates a request's work; no request takes more than `seatsMaximum` of its level. Pure but for the counts. */
export function estimateWork(
  info: RequestInfo,
  query: URLSearchParams,
  counts: WorkCounts,
  seatsMaximum: number,
): Work {
  switch (info.isResourceRequest ? info.verb : "") {
    case "list":
      return listWork(info, query, counts, seatsMaximum);
    case "watch":
      // One that is sent what there is costs what a list does.
      return query.get("resourceVersion") === "0" || (query.get("resourceVersion") ?? "") === "" ||
          query.get("sendInitialEvents") === "true"
        ? listWork(info, query, counts, seatsMaximum)
        : ONE_SEAT;
    case "create":
    case "update":
    case "patch":
    case "delete":
      return info.subresource === "token" ? ONE_SEAT : writeWork(info, counts, seatsMaximum);
    default:
      return ONE_SEAT;
  }
}

function listWork(
  info: RequestInfo,
  query: URLSearchParams,
  counts: WorkCounts,
  seatsMaximum: number,
): Work {
  if (info.name !== "") return ONE_SEAT;
  const stored = counts.objects(info);
  if (stored <= OBJECTS_PER_SEAT) return ONE_SEAT;
  const limit = Number(query.get("limit") ?? 0);
  const asked = Number.isSafeInteger(limit) && limit > 0 ? limit : stored;
  // A page that is filtered looks at more than it shows.
  const filtered = query.has("labelSelector") || query.has("fieldSelector");
  const objects = Math.min(stored, filtered ? Math.max(asked, DEFAULT_LIMIT) : asked);
  const seats = Math.ceil(objects / OBJECTS_PER_SEAT);
  return {
    ...ONE_SEAT,
    seats: Math.max(1, Math.min(seats, LIST_SEATS_MAXIMUM, seatsMaximum)),
  };
}

function writeWork(info: RequestInfo, counts: WorkCounts, seatsMaximum: number): Work {
  const watchers = counts.watchers(info);
  if (watchers < WATCHERS_PER_SEAT) return ONE_SEAT;
  const wanted = Math.ceil(watchers / WATCHERS_PER_SEAT);
  const finalSeats = Math.max(1, Math.min(wanted, seatsMaximum));
  return { seats: 1, finalSeats, finalMilliseconds: wanted * EVENT_MILLISECONDS / finalSeats };
}
