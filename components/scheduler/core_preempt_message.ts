import type { PreemptOptions } from "./core_contract.ts";
import type { CoreWriter } from "./core_writer.ts";

const UPSTREAM = { percentage: 10, minimum: 100 };

/** Writes the options of a dry run, in the order of `wasm/src/cycle/preempt.rs`. */
export function writePreemptOptions(out: CoreWriter, options: PreemptOptions): void {
  const { minimum, percentage } = options.candidates ?? UPSTREAM;
  out.number(percentage);
  out.number(minimum);
  out.number(options.offset ?? 0);
  const kept = options.protected ?? [];
  out.number(kept.length);
  for (const handle of kept) out.number(handle);
  const budgets = options.budgets ?? [];
  out.number(budgets.length);
  for (const allowed of budgets) out.number(allowed);
  out.number(options.budgetsOf?.size ?? 0);
  for (const [handle, indices] of options.budgetsOf ?? []) {
    out.number(handle);
    out.number(indices.length);
    for (const index of indices) out.number(index);
  }
  const selecting = options.disruptionBudgets ?? [];
  out.number(selecting.length);
  for (const { allowed, except = [], namespace, selector } of selecting) {
    out.number(allowed);
    out.text(namespace);
    out.selector(selector);
    out.number(except.length);
    for (const handle of except) out.number(handle);
  }
  out.flag(options.within !== undefined);
  if (options.within !== undefined) out.texts(options.within);
}
