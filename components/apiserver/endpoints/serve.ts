import type { MetricRegistry } from "../../base/mod.ts";
import { servedGroups } from "../../api/served.ts";
import { PLAIN, writeBody } from "../negotiation/mod.ts";
import { OPENID_CONFIGURATION_PATH, OPENID_KEYS_PATH } from "../reviews/mod.ts";
import { type DiscoveryOptions, serveDiscovery } from "./discovery.ts";
import { type Endpoint, pageNotFound, textResponse } from "./endpoint.ts";
import { type HealthChecks, serveHealth } from "./health.ts";
import { serveMetrics } from "./metrics.ts";
import { type OpenApiOptions, serveOpenApi } from "./openapi.ts";
import { type OpenIdOptions, serveOpenId } from "./openid.ts";
import { serveVersion, type VersionInfo } from "./version.ts";

export interface EndpointOptions extends DiscoveryOptions, OpenApiOptions, OpenIdOptions {
  readonly health: HealthChecks;
  readonly metrics: MetricRegistry;
  /** What `/version` says, where it is not the default. */
  readonly version?: VersionInfo;
  /** What else is served, by the first segment of its path. */
  readonly more?: ReadonlyMap<string, Endpoint>;
}

/** Answers every path that is no resource of the API. Throws 406. */
export function serveEndpoints(
  options: EndpointOptions,
): (request: Request, query: URLSearchParams, path: string) => Promise<Response> {
  const { health, metrics, version, definitions } = options;
  const discovery = serveDiscovery(options);
  const openApi = serveOpenApi(options);
  const openId = serveOpenId(options);
  const healthPaths = serveHealth(health);
  /** By the path's first segment. */
  const endpoints = new Map<string, Endpoint>([
    [
      "",
      ({ request }) => writeBody({ paths: paths(options) }, { ...PLAIN, pretty: true }, request),
    ],
    ["api", discovery],
    ["apis", discovery],
    ["openapi", openApi],
    ["version", exactly("/version", serveVersion(version))],
    ["metrics", serveMetrics(metrics, health.metrics)],
    ["healthz", healthPaths],
    ["livez", healthPaths],
    ["readyz", healthPaths],
    [".well-known", exactly(OPENID_CONFIGURATION_PATH, openId)],
    ["openid", exactly(OPENID_KEYS_PATH, openId)],
    ...options.more ?? [],
  ]);

  function paths({ health }: EndpointOptions): string[] {
    const groups = servedGroups(definitions.all()).flatMap(({ name, versions }) =>
      name === "" ? ["/api", ...versions.map(({ version }) => `/api/${version}`)] : [
        `/apis/${name}`,
        ...versions.map(({ version }) => `/apis/${name}/${version}`),
      ]
    );
    return [
      ...groups,
      ...[...options.more?.keys() ?? []].filter((name) => name !== "debug").map((name) =>
        `/${name}`
      ),
      ...health.paths(),
      OPENID_CONFIGURATION_PATH,
      OPENID_KEYS_PATH,
      "/apis",
      "/metrics",
      "/metrics/slis",
      "/openapi/v2",
      "/openapi/v3",
      "/version",
    ].sort();
  }

  return async (request, query, path) => {
    const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
    const endpoint = endpoints.get(trimmed.split("/", 2)[1] ?? "");
    if (endpoint === undefined) return pageNotFound();
    const { method } = request;
    const resets = method === "DELETE" && endpoint === endpoints.get("metrics");
    if (method !== "GET" && method !== "HEAD" && !resets) {
      return textResponse("405: Method Not Allowed\n", 405);
    }
    return await endpoint({ request, query, path: trimmed });
  };
}

const exactly = (wanted: string, endpoint: Endpoint): Endpoint => (asked) =>
  asked.path === wanted ? endpoint(asked) : pageNotFound();
