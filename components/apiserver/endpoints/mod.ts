/** What is served beside resources: discovery, OpenAPI, version, health, metrics, OpenID. */
export { registerBuildMetrics } from "./build_metrics.ts";
export { type DiscoveryOptions, serveDiscovery } from "./discovery.ts";
export { type Endpoint, type EndpointRequest, pageNotFound } from "./endpoint.ts";
export { type HealthCheck, HealthChecks, type HealthRoot, serveHealth } from "./health.ts";
export { serveMetrics } from "./metrics.ts";
export { type OpenApiOptions, serveOpenApi } from "./openapi.ts";
export { type OpenIdOptions, serveOpenId } from "./openid.ts";
export { type EndpointOptions, serveEndpoints } from "./serve.ts";
export { serveFlags, serveStatus } from "./zpages.ts";
export { DEFAULT_VERSION, serveVersion, type VersionInfo } from "./version.ts";
