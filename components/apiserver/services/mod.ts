/** Service addresses and node ports. */
export { addressAt, type IpRange, parseRange } from "./ip_range.ts";
export { NODE_PORT_RANGE, type PortRange } from "./port_range.ts";
export { ServiceHook, type ServiceHookOptions } from "./service_hook.ts";
