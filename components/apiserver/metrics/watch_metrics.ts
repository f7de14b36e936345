import type {
  Clock,
  Counter,
  Histogram,
  HistogramSeries,
  MetricRegistry,
  Series,
} from "../../base/mod.ts";
import type { RequestInfo } from "../ports.ts";
import type { WatchMeter } from "../read/mod.ts";
import { scopeOf } from "./request_labels.ts";

// deno-fmt-ignore
const LIST_SECONDS = [
  0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60,
];
const SIZES = [1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072];

/** The series that all watches of one version of a resource share. */
interface ResourceMeters {
  readonly events: Series;
  readonly sizes: HistogramSeries;
  readonly initial: Series;
  readonly terminated: Series;
}

/** What watches send, under upstream's names. */
export class WatchMetrics {
  readonly #events: Counter;
  readonly #sizes: Histogram;
  readonly #initial: Counter;
  readonly #terminated: Counter;
  readonly #lists: Histogram;
  readonly #clock: Clock;
  readonly #meters = new Map<string, ResourceMeters>();

  constructor(registry: MetricRegistry, clock: Clock) {
    this.#clock = clock;
    const labels = ["group", "version", "resource"];
    this.#events = registry.counter(
      "apiserver_watch_events_total",
      "[ALPHA] Number of events sent in watch clients",
      labels,
    );
    this.#sizes = registry.histogram(
      "apiserver_watch_events_sizes",
      "[ALPHA] Watch event size distribution in bytes",
      SIZES,
      labels,
    );
    this.#lists = registry.histogram(
      "apiserver_watch_list_duration_seconds",
      "[BETA] Response latency distribution in seconds for watch list requests broken by group, version, resource " +
        "and scope.",
      LIST_SECONDS,
      [...labels, "scope"],
    );
    this.#initial = registry.counter(
      "apiserver_init_events_total",
      "[ALPHA] Counter of init events processed in watch cache broken by resource type.",
      ["group", "resource"],
    );
    this.#terminated = registry.counter(
      "apiserver_terminated_watchers_total",
      "[ALPHA] Counter of watchers closed due to unresponsiveness broken by resource type.",
      ["group", "resource"],
    );
  }

  /** The meter of one watch; `closed` hears of its end. */
  open(info: RequestInfo, closed: () => void): WatchMeter {
    const { group, version, resource } = info;
    const key = `${group}/${version}/${resource}`;
    let meters = this.#meters.get(key);
    if (meters === undefined) {
      this.#meters.set(
        key,
        meters = {
          events: this.#events.series(group, version, resource),
          sizes: this.#sizes.series(group, version, resource),
          initial: this.#initial.series(group, resource),
          terminated: this.#terminated.series(group, resource),
        },
      );
    }
    const { events, sizes, initial, terminated } = meters;
    const started = this.#clock.monotonic();
    return {
      listed: () => {
        const seconds = (this.#clock.monotonic() - started) / 1000;
        this.#lists.observe(seconds, group, version, resource, scopeOf(info));
      },
      sent(frames) {
        events.value += frames.length;
        for (const frame of frames) sizes.observe(frame.length);
      },
      initial: (count) => void (initial.value += count),
      tooSlow: () => void terminated.value++,
      closed,
    };
  }
}
