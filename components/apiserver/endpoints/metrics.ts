import type { MetricRegistry } from "../../base/mod.ts";
import { packed } from "../negotiation/mod.ts";
import { type Endpoint, pageNotFound, textResponse } from "./endpoint.ts";

const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/** `/metrics` and `/metrics/slis`; DELETE takes counts back to nothing. */
export function serveMetrics(metrics: MetricRegistry, slis: MetricRegistry): Endpoint {
  return async ({ request, path }) => {
    const asked = path === "/metrics" ? metrics : path === "/metrics/slis" ? slis : undefined;
    if (asked === undefined) return pageNotFound();
    if (request.method === "DELETE") {
      asked.reset();
      return textResponse("metrics reset\n");
    }
    const text = new TextEncoder().encode(asked.text());
    const { body, headers } = await packed(text, request);
    return new Response(body, { headers: { "content-type": EXPOSITION, ...headers } });
  };
}
