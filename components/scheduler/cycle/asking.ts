import type { Answer } from "../framework/mod.ts";
import { failure, type Verdict, type VerdictCode } from "../framework/mod.ts";

const CODES: ReadonlySet<string> = new Set<VerdictCode>([
  "Success",
  "Skip",
  "Wait",
  "Pending",
  "Unschedulable",
  "UnschedulableAndUnresolvable",
  "Error",
]);

/**
 * A plugin's answer: at once where it is there, so that nothing comes in between, and what it throws as a value. The
 * caller awaits only what is a promise.
 */
export function ask<T>(
  plugin: string,
  point: string,
  question: () => Answer<T>,
): Answer<T | PluginFailure> {
  try {
    const answer = question();
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error) => new PluginFailure(plugin, point, error));
  } catch (error) {
    return new PluginFailure(plugin, point, error);
  }
}

/** A plugin threw, or did not answer in time. */
export class PluginFailure {
  readonly message: string;

  constructor(readonly plugin: string, readonly point: string, error: unknown) {
    const text = error instanceof Error ? error.message : String(error);
    this.message = `running ${point} plugin ${JSON.stringify(plugin)}: ${text}`;
  }
}

/** The verdict where it is one; else it says that the plugin answered nonsense. Pure. */
export function checkedVerdict(plugin: string, point: string, answer: unknown): Verdict {
  if (answer instanceof PluginFailure) return failure(answer.message);
  const { code, holders, reasons } = (answer ?? {}) as Partial<Verdict>;
  if (!CODES.has(code ?? "") || !Array.isArray(reasons)) {
    return failure(`running ${point} plugin ${JSON.stringify(plugin)}: no verdict was answered`);
  }
  const held = Array.isArray(holders) ? { holders: holders.map(String) } : {};
  return { code: code!, reasons: reasons.map(String), ...held };
}
