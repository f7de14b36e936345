/** The subresources that stream: logs, commands, forwarded ports, proxies. */
export { type ConnectDependencies, connectHandler } from "./connect_handler.ts";
export { connectionNames, forwardedFor, passedHeaders } from "./proxy_headers.ts";
export { isLocalAddress } from "./proxy_target.ts";
export { proxyUpgrade } from "./proxy_upgrade.ts";
export { type KubeletCredentials, tunnelBackends, tunnelKubelets } from "./tunnel_connectors.ts";
export { acceptTunnel, otherServers, tunnelAuthorizer } from "./tunnel_door.ts";
export { splitProxyPath } from "./proxy.ts";
