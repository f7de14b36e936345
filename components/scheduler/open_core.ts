import type { SchedulerCore } from "./core_contract.ts";
import { Core } from "./core_wasm.ts";

/** An empty core. */
export function openCore(): SchedulerCore {
  return new Core();
}
