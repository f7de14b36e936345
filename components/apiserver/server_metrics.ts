import type { Counter, Gauge, Histogram, MetricRegistry } from "../base/mod.ts";
import type { RequestInfo } from "./ports.ts";

const SECONDS = [
  0.005,
  0.025,
  0.05,
  0.1,
  0.2,
  0.4,
  0.6,
  0.8,
  1,
  1.25,
  1.5,
  2,
  3,
  4,
  5,
  6,
  8,
  10,
  15,
  20,
  30,
  45,
  60,
];
const METHODS = new Set([
  "GET",
  "LIST",
  "WATCH",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "APPLY",
  "CONNECT",
  "HEAD",
]);

/** The server's own metrics under kube-apiserver's names. */
export class ServerMetrics {
  readonly #total: Counter;
  readonly #duration: Histogram;
  /** Requests being worked on, by kind. */
  readonly inFlight = { readOnly: 0, mutating: 0 };
  readonly #longRunning: Gauge;
  readonly #panics: Counter;

  constructor(registry: MetricRegistry) {
    const labels = ["verb", "group", "version", "resource", "subresource", "scope"];
    this.#total = registry.counter(
      "apiserver_request_total",
      "Requests answered, by verb, resource and code",
      [...labels, "code"],
    );
    this.#duration = registry.histogram(
      "apiserver_request_duration_seconds",
      "Time from a request's arrival to its answer's beginning",
      SECONDS,
      labels,
    );
    const inFlight = registry.gauge(
      "apiserver_current_inflight_requests",
      "Requests being worked on, by kind",
      ["request_kind"],
    );
    registry.onCollect(() => {
      inFlight.set(this.inFlight.readOnly, "readOnly");
      inFlight.set(this.inFlight.mutating, "mutating");
    });
    this.#longRunning = registry.gauge(
      "apiserver_longrunning_requests",
      "Watches, streams and the like that are open",
      ["verb", "group", "version", "resource", "subresource", "scope", "component"],
    );
    this.#panics = registry.counter(
      "apiserver_handler_panics_total",
      "Bugs met while answering requests",
    );
  }

  answered(method: string, info: RequestInfo, code: number, seconds: number): void {
    const labels = this.#labels(method, info);
    this.#total.add(1, ...labels, String(code));
    if (labels[0] !== "WATCH" && labels[0] !== "CONNECT") {
      this.#duration.observe(seconds, ...labels);
    }
  }

  longRunning(info: RequestInfo, step: 1 | -1): void {
    this.#longRunning.add(step, ...this.#labels("GET", info), "apiserver");
  }

  panicked(): void {
    this.#panics.add(1);
  }

  #labels(method: string, info: RequestInfo): [string, string, string, string, string, string] {
    const verb = info.verb === "list" || info.verb === "watch" ? info.verb.toUpperCase() : method;
    const scope = info.namespace !== ""
      ? info.name === "" ? "namespace" : "resource"
      : info.name === ""
      ? "cluster"
      : "resource";
    return [
      METHODS.has(verb) ? verb : "other",
      info.group,
      info.version,
      info.resource,
      info.subresource,
      info.isResourceRequest ? scope : "",
    ];
  }
}
