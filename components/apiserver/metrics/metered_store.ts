import type { Clock, Counter, HistogramSeries, MetricRegistry, Series } from "../../base/mod.ts";
import type {
  Entry,
  ListOptions,
  ListResult,
  Store,
  WatchHandle,
  WatchSink,
  Write,
} from "../../storage/mod.ts";
import type { StoredPlaces } from "../stored_places.ts";

// deno-fmt-ignore
const SECONDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const LABELS = ["operation", "group", "resource"];

interface OperationMeters {
  readonly duration: HistogramSeries;
  readonly total: Series;
  readonly errors: Series;
}

/** Counts and times what is asked of a store, under the names of upstream's etcd client. */
export class MeteredStore implements Store {
  readonly #inner: Store;
  readonly #clock: Clock;
  readonly #places: StoredPlaces;
  readonly #received: Counter;
  readonly #lists: Counter;
  readonly #fetched: Counter;
  readonly #meters = new Map<string, OperationMeters>();
  readonly #open: (operation: string, group: string, resource: string) => OperationMeters;

  constructor(
    inner: Store,
    places: StoredPlaces,
    registry: MetricRegistry,
    clock: Clock,
  ) {
    this.#inner = inner;
    this.#clock = clock;
    this.#places = places;
    this.#lists = registry.counter(
      "apiserver_storage_list_total",
      "[ALPHA] Number of LIST requests served from storage",
      ["group", "resource"],
    );
    this.#fetched = registry.counter(
      "apiserver_storage_list_fetched_objects_total",
      "[ALPHA] Number of objects read from storage in the course of serving a LIST request",
      ["group", "resource"],
    );
    this.#received = registry.counter(
      "apiserver_storage_events_received_total",
      "[BETA] Number of etcd events received split by kind.",
      ["group", "resource"],
    );
    const duration = registry.histogram(
      "etcd_request_duration_seconds",
      "[ALPHA] Storage request latency in seconds for each operation and object type.",
      SECONDS,
      LABELS,
    );
    const total = registry.counter(
      "etcd_requests_total",
      "[ALPHA] Storage request counts for each operation and object type.",
      LABELS,
    );
    const errors = registry.counter(
      "etcd_request_errors_total",
      "[ALPHA] Storage failed request counts for each operation and object type.",
      LABELS,
    );
    this.#open = (operation, group, resource) => ({
      duration: duration.series(operation, group, resource),
      total: total.series(operation, group, resource),
      errors: errors.series(operation, group, resource),
    });
  }

  get revision(): number {
    return this.#inner.revision;
  }

  get compactedRevision(): number {
    return this.#inner.compactedRevision;
  }

  get shared(): boolean {
    return this.#inner.shared;
  }

  get databaseBytes(): number {
    return this.#inner.databaseBytes ?? 0;
  }

  freshRevision(): number | Promise<number> {
    return this.#inner.freshRevision();
  }

  check(): Promise<void> {
    return this.#inner.check();
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#timed("get", key, this.#inner.get(key));
  }

  list(prefix: string, options?: ListOptions): Promise<ListResult> {
    const listed = this.#inner.list(prefix, options);
    const { group, resource } = this.#places.of(prefix);
    this.#lists.add(1, group, resource);
    listed.then(({ entries }) => this.#fetched.add(entries.length, group, resource), () => {});
    return this.#timed("list", prefix, listed);
  }

  write(write: Write): Promise<number> {
    return this.#timed(write.op, write.key, this.#inner.write(write));
  }

  watch(prefix: string, after: number, sink: WatchSink): Promise<WatchHandle> {
    const { group, resource } = this.#places.of(prefix);
    const received = this.#received.series(group, resource);
    const counted: WatchSink = {
      ...(sink.omitPrevious === undefined ? {} : { omitPrevious: sink.omitPrevious }),
      events(batch) {
        received.value += batch.length;
        sink.events(batch);
      },
      ...(sink.progress === undefined
        ? {}
        : { progress: (revision: number) => sink.progress?.(revision) }),
      end: (error) => sink.end(error),
    };
    return this.#inner.watch(prefix, after, counted);
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #timed<T>(operation: string, key: string, answer: Promise<T>): Promise<T> {
    const started = this.#clock.monotonic();
    const meters = this.#metersOf(operation, key);
    meters.total.value++;
    answer.then(
      () => meters.duration.observe((this.#clock.monotonic() - started) / 1000),
      () => {
        meters.errors.value++;
        meters.duration.observe((this.#clock.monotonic() - started) / 1000);
      },
    );
    return answer;
  }

  #metersOf(operation: string, key: string): OperationMeters {
    const { group, resource } = this.#places.of(key);
    const id = `${operation} ${group}/${resource}`;
    let meters = this.#meters.get(id);
    if (meters === undefined) {
      this.#meters.set(id, meters = this.#open(operation, group, resource));
    }
    return meters;
  }
}
