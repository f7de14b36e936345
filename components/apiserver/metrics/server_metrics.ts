import type {
  Counter,
  Gauge,
  Histogram,
  HistogramSeries,
  MetricRegistry,
  Series,
} from "../../base/mod.ts";
import { responseSize } from "../negotiation/mod.ts";
import type { RequestInfo } from "../ports.ts";
import { dryRunLabel, metricVerb, type RequestLabels, requestLabels } from "./request_labels.ts";

// deno-fmt-ignore
const SECONDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const BODY_SIZES = [50e3, 100e3, 250e3, 500e3, 1e6, 1.5e6, 2e6, 2.5e6, 3e6];
const PLACE = ["group", "version", "resource", "subresource", "scope", "component"];
/** Kinds of requests whose series are at hand. */
const KINDS_MAXIMUM = 4096;
/** Old kinds that clients are warned off. */
const DEPRECATED = new Set(["endpoints", "componentstatuses"]);

/** The series of one kind of request. */
interface KindMeters {
  readonly labels: RequestLabels;
  readonly dryRun: string;
  readonly duration: HistogramSeries | undefined;
  readonly sli: HistogramSeries | undefined;
  readonly sizes: HistogramSeries | undefined;
  readonly bodySizes: HistogramSeries | undefined;
  readonly byCode: Map<number, Series>;
}

/** The server's metrics of requests under kube-apiserver's names. */
export class ServerMetrics {
  readonly #total: Counter;
  readonly #duration: Histogram;
  readonly #sli: Histogram;
  readonly #sizes: Histogram;
  readonly #bodySizes: Histogram;
  readonly #longRunning: Gauge;
  readonly #terminations: Counter;
  readonly #postTimeout: Counter;
  readonly #deprecated: Gauge;
  readonly #panics: Series;
  readonly #kinds = new Map<string, KindMeters>();
  readonly #isKnown: (info: RequestInfo) => boolean;
  /** Requests being worked on, by kind. */
  readonly inFlight = { readOnly: 0, mutating: 0 };

  /** `isKnown`: whether this server has the resource that a request is for. */
  constructor(registry: MetricRegistry, isKnown: (info: RequestInfo) => boolean) {
    this.#isKnown = isKnown;
    this.#total = registry.counter(
      "apiserver_request_total",
      "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, " +
        "scope, component, and HTTP response code.",
      ["verb", "dry_run", ...PLACE, "code"],
    );
    this.#duration = registry.histogram(
      "apiserver_request_duration_seconds",
      "[STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, " +
        "subresource, scope and component.",
      SECONDS,
      ["verb", "dry_run", ...PLACE],
    );
    this.#sli = registry.histogram(
      "apiserver_request_sli_duration_seconds",
      "[ALPHA] Response latency distribution (not counting webhook duration and priority & fairness queue wait " +
        "times) in seconds for each verb, group, version, resource, subresource, scope and component.",
      SECONDS,
      ["verb", ...PLACE],
    );
    this.#sizes = registry.histogram(
      "apiserver_response_sizes",
      "[STABLE] Response size distribution in bytes for each group, version, verb, resource, subresource, scope and " +
        "component.",
      SIZES,
      ["verb", ...PLACE],
    );
    this.#bodySizes = registry.histogram(
      "apiserver_request_body_size_bytes",
      "[ALPHA] Apiserver request body size in bytes broken out by resource and verb.",
      BODY_SIZES,
      ["resource", "verb", "group"],
    );
    this.#longRunning = registry.gauge(
      "apiserver_longrunning_requests",
      "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, " +
        "scope and component. Not all requests are tracked this way.",
      ["verb", ...PLACE],
    );
    this.#terminations = registry.counter(
      "apiserver_request_terminations_total",
      "[ALPHA] Number of requests which apiserver terminated in self-defense.",
      ["verb", ...PLACE, "code"],
    );
    this.#postTimeout = registry.counter(
      "apiserver_request_post_timeout_total",
      "[ALPHA] Tracks the activity of the request handlers after the associated requests have been timed out by the " +
        "apiserver",
      ["source", "status"],
    );
    this.#deprecated = registry.gauge(
      "apiserver_requested_deprecated_apis",
      "[STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, " +
        "subresource, and removed_release.",
      ["group", "version", "resource", "subresource", "removed_release"],
    );
    const inFlight = registry.gauge(
      "apiserver_current_inflight_requests",
      "[STABLE] Maximal number of currently used inflight request limit of this apiserver per request kind in last " +
        "second.",
      ["request_kind"],
    );
    registry.onCollect(() => {
      inFlight.set(this.inFlight.readOnly, "readOnly");
      inFlight.set(this.inFlight.mutating, "mutating");
    });
    this.#panics = registry.counter(
      "apiserver_handler_panics_total",
      "[ALPHA] Number of bugs met while answering requests.",
    ).series();
  }

  /** `waitedSeconds` is what of the time was spent waiting for a turn. */
  answered(
    request: Request,
    info: RequestInfo,
    query: URLSearchParams,
    response: Response,
    seconds: number,
    waitedSeconds: number,
  ): void {
    const meters = this.#metersOf(request, info, query);
    const { status } = response;
    let total = meters.byCode.get(status);
    if (total === undefined) {
      const { labels, dryRun } = meters;
      total = this.#total.series(labels.verb, dryRun, ...placeOf(labels), String(status));
      meters.byCode.set(status, total);
    }
    total.value++;
    meters.duration?.observe(seconds);
    meters.sli?.observe(seconds - waitedSeconds);
    if (meters.sizes !== undefined) {
      const size = responseSize(response);
      if (size !== undefined) meters.sizes.observe(size);
    }
    if (meters.bodySizes !== undefined) {
      const length = request.headers.get("content-length");
      if (length !== null) meters.bodySizes.observe(Number(length));
    }
  }

  /** A request was ended by the server: it took too long, or found no place. */
  terminated(request: Request, info: RequestInfo, query: URLSearchParams, code: number): void {
    const { labels } = this.#metersOf(request, info, query);
    this.#terminations.add(1, labels.verb, ...placeOf(labels), String(code));
  }

  /** What came of the work on a request that had been answered with 504. */
  postTimeout(failed: boolean): void {
    this.#postTimeout.add(1, "timeout-handler", failed ? "error" : "ok");
  }

  /** Counts a request that lasts, until the result is called. */
  longRunning(verb: "WATCH" | "CONNECT", info: RequestInfo): () => void {
    const labels = requestLabels(verb, info, this.#isKnown(info));
    const series = this.#longRunning.series(labels.verb, ...placeOf(labels));
    series.value++;
    return () => series.value--;
  }

  panicked(): void {
    this.#panics.value++;
  }

  #metersOf(request: Request, info: RequestInfo, query: URLSearchParams): KindMeters {
    const verb = metricVerb(request, info);
    const isRead = verb === "GET" || verb === "LIST";
    const dryRun = isRead || verb === "WATCH" ? "" : dryRunLabel(query);
    const shape = `${info.namespace === "" ? "" : "n"}${info.name === "" ? "" : "o"}`;
    const where = info.isResourceRequest
      ? `${info.group}/${info.version}/${info.resource}/${info.subresource}`
      : info.path;
    const key = `${verb} ${dryRun} ${shape} ${where}`;
    let meters = this.#kinds.get(key);
    if (meters === undefined) {
      if (this.#kinds.size >= KINDS_MAXIMUM) this.#kinds.clear();
      this.#kinds.set(key, meters = this.#open(verb, dryRun, info));
    }
    return meters;
  }

  #open(verb: string, dryRun: string, info: RequestInfo): KindMeters {
    const known = !info.isResourceRequest || this.#isKnown(info);
    const labels = requestLabels(verb, info, known);
    const place = placeOf(labels);
    const lasts = verb === "WATCH" || verb === "CONNECT";
    if (known && info.group === "" && DEPRECATED.has(info.resource)) {
      this.#deprecated.set(1, "", info.version, info.resource, info.subresource, "");
    }
    return {
      labels,
      dryRun,
      duration: lasts ? undefined : this.#duration.series(verb, dryRun, ...place),
      sli: lasts || dryRun !== "" ? undefined : this.#sli.series(verb, ...place),
      sizes: verb === "GET" || verb === "LIST" ? this.#sizes.series(verb, ...place) : undefined,
      bodySizes: known && info.isResourceRequest &&
          (verb === "POST" || verb === "PUT" || verb === "PATCH" || verb === "APPLY")
        ? this.#bodySizes.series(labels.resource, verb.toLowerCase(), labels.group)
        : undefined,
      byCode: new Map(),
    };
  }
}

const placeOf = (labels: RequestLabels): string[] => [
  labels.group,
  labels.version,
  labels.resource,
  labels.subresource,
  labels.scope,
  labels.component,
];
