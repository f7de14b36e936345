import { BridgedCore } from "./core_bridge.ts";
import type { SchedulerCore } from "./core_contract.ts";

/** An empty core. */
export function openCore(): SchedulerCore {
  return new BridgedCore();
}
