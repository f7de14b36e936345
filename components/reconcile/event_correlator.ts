import type { Clock } from "../base/mod.ts";
import type { Event } from "../api/mod.ts";

/** Upstream's numbers: ten similar events in ten minutes are combined; 25 an object at once, then one in five minutes. */
const SIMILAR_MAXIMUM = 10;
const SIMILAR_WINDOW_MILLISECONDS = 600_000;
const BURST_PER_OBJECT = 25;
const REFILL_MILLISECONDS = 300_000;
/** Records of each kind that are remembered; the oldest are forgotten. */
const REMEMBERED_MAXIMUM = 4096;

export type EventPlan =
  | { readonly kind: "drop" }
  | { readonly kind: "create"; readonly event: Event }
  | {
    readonly kind: "repeat";
    readonly event: Event;
    readonly name: string;
    readonly count: number;
  };

/** Decides whether an event is new, a repetition, one of many similar ones, or too much. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Map<string, { name: string; count: number }>();
  readonly #similar = new Map<string, { messages: Set<string>; since: number }>();
  readonly #budget = new Map<string, { tokens: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  plan(event: Event): EventPlan {
    const combined = this.#combine(event);
    if (!this.#afford(event)) return { kind: "drop" };
    const known = this.#written.get(identity(combined));
    if (known === undefined) return { kind: "create", event: combined };
    known.count++;
    return { kind: "repeat", event: combined, name: known.name, count: known.count };
  }

  /** Remembers under which name an event was created. */
  written(event: Event, name: string): void {
    remember(this.#written, identity(event), { name, count: event.count ?? 1 });
  }

  #combine(event: Event): Event {
    const group = `${subject(event)}|${event.type}|${event.reason}`;
    const now = this.#clock.now();
    let similar = this.#similar.get(group);
    if (similar === undefined || now - similar.since > SIMILAR_WINDOW_MILLISECONDS) {
      similar = { messages: new Set(), since: now };
      remember(this.#similar, group, similar);
    }
    if (similar.messages.size < SIMILAR_MAXIMUM) similar.messages.add(event.message ?? "");
    if (similar.messages.size < SIMILAR_MAXIMUM || similar.messages.has(event.message ?? "")) {
      return event;
    }
    return { ...event, message: `(combined from similar events): ${event.message}` };
  }

  #afford(event: Event): boolean {
    const key = subject(event);
    const now = this.#clock.now();
    const budget = this.#budget.get(key) ?? { tokens: BURST_PER_OBJECT, at: now };
    const tokens = Math.min(
      BURST_PER_OBJECT,
      budget.tokens + (now - budget.at) / REFILL_MILLISECONDS,
    );
    if (tokens < 1) return false;
    remember(this.#budget, key, { tokens: tokens - 1, at: now });
    return true;
  }
}

function subject(event: Event): string {
  const object = event.involvedObject ?? {};
  return [
    event.source?.component,
    event.source?.host,
    object.kind,
    object.namespace,
    object.name,
    object.uid,
  ].join("|");
}

/** A combined event is one whatever its text. */
function identity(event: Event): string {
  const combined = event.message?.startsWith("(combined from similar events): ") ?? false;
  const path = event.involvedObject?.fieldPath ?? "";
  return [subject(event), path, event.type, event.reason, combined ? "combined" : event.message]
    .join("|");
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > REMEMBERED_MAXIMUM) map.delete(map.keys().next().value!);
}
