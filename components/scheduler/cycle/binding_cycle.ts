import { type Clock, hasReason, type Logger } from "../../base/mod.ts";
import type { Client } from "../../client/mod.ts";
import { bind } from "../binder.ts";
import type { Extender } from "../extenders/extender.ts";
import { isRejected, type Verdict } from "../framework/mod.ts";
import { ask, checkedVerdict, PluginFailure } from "./asking.ts";
import type { Attempt } from "./attempt.ts";
import { isDoubtful, nodeInDoubt } from "./doubtful_binding.ts";
import type { PermitOutcome, WaitingPods } from "./waiting_pods.ts";

export interface BindingCycleOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly waiting: WaitingPods;
  readonly extenders: readonly Extender[];
  /** Aborts when the scheduler ends. */
  readonly signal: AbortSignal;
  /** Whether the node is still there. */
  hasNode(name: string): boolean;
  /** Writes the node that the pod is expected on, where binding takes its time. */
  expect(attempt: Attempt, node: string): Promise<void>;
  permitWaited(result: string, seconds: number): void;
  /** How long a point took, and how it ended. */
  point(point: string, status: string, profile: string, seconds: number): void;
}

/** How the way from a decision to a bound pod ended. */
export type BindingOutcome =
  | { readonly kind: "bound" }
  | { readonly kind: "rejected"; readonly plugin: string; readonly verdict: Verdict }
  | { readonly kind: "failed"; readonly message: string; readonly refused?: true };

/** From a decision to a bound pod: reserve and permit at once, the rest while the next pods are decided. */
export class BindingCycle {
  readonly #options: BindingCycleOptions;

  constructor(options: BindingCycleOptions) {
    this.#options = options;
  }

  /** Reserve of every plugin; undefined where all agree. */
  async reserve(attempt: Attempt, node: string): Promise<BindingOutcome | undefined> {
    for (const { plugin } of attempt.profile.at("reserve")) {
      if (!attempt.concerned.has(plugin)) continue;
      const asked = ask(plugin.name, "Reserve", () => plugin.reserve!(attempt.cycle, node));
      const answer = asked instanceof Promise ? await asked : asked;
      const verdict = checkedVerdict(plugin.name, "Reserve", answer);
      if (verdict.code !== "Success") return notAllowed(plugin.name, verdict);
    }
    return undefined;
  }

  /** Permit of every plugin: how long each has the pod wait, or why it may not be bound. */
  async permit(
    attempt: Attempt,
    node: string,
  ): Promise<ReadonlyMap<string, number> | BindingOutcome> {
    const timeouts = new Map<string, number>();
    for (const { plugin } of attempt.profile.at("permit")) {
      if (!attempt.concerned.has(plugin)) continue;
      const asked = ask(plugin.name, "Permit", () => plugin.permit!(attempt.cycle, node));
      const answer = asked instanceof Promise ? await asked : asked;
      const verdict = answer instanceof PluginFailure
        ? checkedVerdict(plugin.name, "Permit", answer)
        : checkedVerdict(plugin.name, "Permit", answer?.verdict);
      if (verdict.code === "Wait" && !(answer instanceof PluginFailure)) {
        const milliseconds = Number(answer.timeoutMilliseconds ?? 0);
        timeouts.set(plugin.name, Number.isFinite(milliseconds) ? milliseconds : 0);
      } else if (verdict.code !== "Success") {
        return notAllowed(plugin.name, verdict);
      }
    }
    return timeouts;
  }

  /** Whether nothing stands between the decision and the write. */
  isPlain(attempt: Attempt): boolean {
    return attempt.concerned.size === 0;
  }

  /** The rest; `permitted` is called when nothing can reject the pod any more. */
  async finish(
    attempt: Attempt,
    node: string,
    permit: Promise<PermitOutcome> | undefined,
    permitted: () => void,
  ): Promise<BindingOutcome> {
    const { clock, permitWaited } = this.#options;
    if (permit !== undefined) {
      const began = clock.monotonic();
      await this.#options.expect(attempt, node);
      const { plugin, verdict } = await permit;
      permitWaited(verdict.code, (clock.monotonic() - began) / 1000);
      if (verdict.code !== "Success") return notAllowed(plugin, verdict);
    }
    permitted();
    if (attempt.concerned.size > 0) {
      const began = clock.monotonic();
      const wrong = await this.#preBind(attempt, node, permit !== undefined);
      this.#time("PreBind", wrong, attempt, began);
      if (wrong !== undefined) return wrong;
    }
    if (!this.#options.hasNode(node)) {
      return { kind: "failed", message: `node ${JSON.stringify(node)} not found` };
    }
    const began = clock.monotonic();
    const outcome = await this.#bind(attempt, node);
    this.#time("Bind", outcome.kind === "bound" ? undefined : outcome, attempt, began);
    if (outcome.kind === "bound") this.#postBind(attempt, node);
    return outcome;
  }

  /** In reverse order; failures are the plugin's own. */
  async unreserve(attempt: Attempt, node: string): Promise<void> {
    for (const { plugin } of attempt.profile.at("reserve").toReversed()) {
      if (!attempt.concerned.has(plugin) || plugin.unreserve === undefined) continue;
      const asked = ask(plugin.name, "Unreserve", () => plugin.unreserve!(attempt.cycle, node));
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer instanceof PluginFailure) {
        this.#options.logger.warn("unreserve failed", { error: answer.message });
      }
    }
  }

  #time(point: string, wrong: BindingOutcome | undefined, attempt: Attempt, began: number): void {
    const status = wrong === undefined
      ? "Success"
      : wrong.kind === "rejected"
      ? wrong.verdict.code
      : "Error";
    const seconds = (this.#options.clock.monotonic() - began) / 1000;
    this.#options.point(point, status, attempt.profile.name, seconds);
  }

  async #preBind(
    attempt: Attempt,
    node: string,
    isExpected: boolean,
  ): Promise<BindingOutcome | undefined> {
    const plugins = attempt.profile.at("preBind")
      .filter(({ plugin }) => attempt.concerned.has(plugin));
    const works = plugins.some(({ plugin }) => plugin.preBindWorks?.(attempt.cycle, node) ?? false);
    if (works && !isExpected) await this.#options.expect(attempt, node);
    for (const { plugin } of plugins) {
      const asked = ask(plugin.name, "PreBind", () => plugin.preBind!(attempt.cycle, node));
      const answer = asked instanceof Promise ? await asked : asked;
      const verdict = checkedVerdict(plugin.name, "PreBind", answer);
      if (verdict.code === "Success" || verdict.code === "Skip") continue;
      return notAllowed(plugin.name, verdict);
    }
    return undefined;
  }

  async #bind(attempt: Attempt, node: string): Promise<BindingOutcome> {
    const { extenders } = this.#options;
    const extender = extenders.find((one) => one.binds && one.concerns(attempt.pod));
    try {
      if (extender !== undefined) {
        await extender.bind(attempt.pod, node);
        return { kind: "bound" };
      }
      for (const { name } of attempt.profile.plugins.bind) {
        if (name === "DefaultBinder") {
          return await this.#bindByDefault(attempt, node);
        }
        const found = attempt.profile.at("bind").find(({ plugin }) => plugin.name === name)?.plugin;
        if (found === undefined || !attempt.concerned.has(found)) continue;
        const asked = ask(name, "Bind", () => found.bind!(attempt.cycle, node));
        const answer = asked instanceof Promise ? await asked : asked;
        const verdict = checkedVerdict(name, "Bind", answer);
        if (verdict.code === "Skip") continue;
        if (verdict.code === "Success") return { kind: "bound" };
        return notAllowed(name, verdict);
      }
    } catch (error) {
      const refused = hasReason(error, "NotFound") || hasReason(error, "Conflict");
      const text = error instanceof Error ? error.message : String(error);
      const binder = JSON.stringify(extender?.name ?? "DefaultBinder");
      const message = `running Bind plugin ${binder}: ${text}`;
      return { kind: "failed", message, ...(refused ? { refused } : {}) };
    }
    return { kind: "failed", message: "no bind plugin took the pod" };
  }

  async #bindByDefault({ pod }: Attempt, node: string): Promise<BindingOutcome> {
    const { client, clock, signal } = this.#options;
    try {
      await bind(client, pod, node);
      return { kind: "bound" };
    } catch (error) {
      if (!isDoubtful(error)) throw error;
      const found = await nodeInDoubt(client, clock, pod, signal);
      if (found === node) return { kind: "bound" };
      throw error;
    }
  }

  #postBind(attempt: Attempt, node: string): void {
    for (const { plugin } of attempt.profile.at("postBind")) {
      if (!attempt.concerned.has(plugin)) continue;
      // Nobody waits for it, and what it throws is its own.
      void ask(plugin.name, "PostBind", () => plugin.postBind!(attempt.cycle, node));
    }
  }
}

function notAllowed(plugin: string, verdict: Verdict): BindingOutcome {
  return isRejected(verdict) ? { kind: "rejected", plugin, verdict } : {
    kind: "failed",
    message: verdict.reasons.join(", ") || `plugin ${plugin} answered nonsense`,
  };
}
