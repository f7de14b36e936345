/** kube-proxy: Services and EndpointSlices to the node's rules. */
export * from "./proxy.ts";
export { ruleset, type RulesetOptions } from "./ruleset.ts";
export { type Endpoint, type ServicePort, servicePorts } from "./service_port.ts";
