import type { MetricRegistry } from "../../base/mod.ts";
import { packed } from "../negotiation/mod.ts";
import type { Endpoint } from "./endpoint.ts";

const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/** `/metrics`. */
export function serveMetrics(metrics: MetricRegistry): Endpoint {
  return async ({ request }) => {
    const text = new TextEncoder().encode(metrics.text());
    const { body, headers } = await packed(text, request);
    return new Response(body, { headers: { "content-type": EXPOSITION, ...headers } });
  };
}
