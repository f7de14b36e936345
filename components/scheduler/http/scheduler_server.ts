import { ApiError, type MetricRegistry, notFound } from "../../base/mod.ts";
import type { DoorPeer } from "../../serving/mod.ts";
import type { SchedulerConfiguration } from "../config/mod.ts";
import type { Explanation } from "../explanation/explanation.ts";

/** What is known of a decision, with what would have the pod placed where it is not. */
export interface ExplainedPod extends Explanation {
  readonly wouldFit?: readonly string[];
}

export interface SchedulerServerOptions {
  readonly metrics: MetricRegistry;
  readonly configuration: SchedulerConfiguration;
  /** Undefined where the request may pass. */
  refusal(request: Request, peer: DoorPeer): Promise<ApiError | undefined>;
  /** Whether what the scheduler needs is known to it. */
  isReady(): boolean;
  /** Undefined where nothing is remembered of the pod, or this instance does not lead. */
  explain(namespace: string, name: string): ExplainedPod | undefined;
  /** The text of `/metrics/resources`. */
  resources(): string;
}

/** Paths that anybody may ask, as upstream's `--authorization-always-allow-paths`. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz"]);
const EXPLAIN = /^\/explain\/pods\/([^/]+)\/([^/]+)$/;

/**
 * The scheduler's HTTP interface: `/healthz`, `/livez`, `/readyz`, `/metrics`, `/metrics/resources`, `/configz`, and
 * `/explain/pods/NAMESPACE/NAME`, the latest decision on a pod. Never rejects.
 */
export function schedulerHandler(
  options: SchedulerServerOptions,
): (request: Request, peer: DoorPeer) => Promise<Response> {
  return async (request, peer) => {
    const path = new URL(request.url).pathname;
    try {
      if (!OPEN_PATHS.has(path)) {
        const refusal = await options.refusal(request, peer);
        if (refusal !== undefined) return statusOf(refusal);
      }
      if (request.method !== "GET" && request.method !== "HEAD") {
        return statusOf(new ApiError(405, "MethodNotAllowed", "only GET is served here"));
      }
      return answer(path, options);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return statusOf(new ApiError(503, "ServiceUnavailable", why));
    }
  };
}

function answer(path: string, options: SchedulerServerOptions): Response {
  switch (path) {
    case "/healthz":
    case "/livez":
      return plain("ok");
    case "/readyz":
      return options.isReady() ? plain("ok") : plain("[-]informer-sync failed\n", 500);
    case "/metrics":
      return metrics(options.metrics.text());
    case "/metrics/resources":
      return metrics(options.resources());
    case "/configz":
      return Response.json({ "kubescheduler.config.k8s.io": options.configuration });
  }
  const [namespace, name] = podOf(path);
  if (namespace === undefined || name === undefined) {
    return plain("404 page not found\n", 404);
  }
  const explanation = options.explain(namespace, name);
  if (explanation === undefined) {
    return statusOf(notFound({ group: "", resource: "pods" }, name));
  }
  return Response.json(explanation);
}

/** Namespace and name that a path asks about; nothing where it asks about no pod. */
function podOf(path: string): readonly (string | undefined)[] {
  const [, ...parts] = EXPLAIN.exec(path) ?? [];
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return [];
  }
}

function plain(text: string, status = 200): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

function metrics(text: string): Response {
  return new Response(text, {
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" },
  });
}

function statusOf(error: ApiError): Response {
  return Response.json(error.toStatus(), { status: error.code });
}
