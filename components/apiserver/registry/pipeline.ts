import { invalid } from "../../base/mod.ts";
import type { FieldError, KubeObject } from "../../api/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, Rollback, WriteHook } from "../ports.ts";
import { trackCreate, trackUpdate } from "./field_ownership.ts";
import { narrowSubresource } from "./narrow_subresources.ts";
import type { WriteContext } from "./write_context.ts";

/** What every write goes through between the decoded body and the store. */
export class WritePipeline {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #hooks: readonly WriteHook[];
  readonly #now: () => number;

  constructor(plugins: readonly AdmissionPlugin[], hooks: readonly WriteHook[], now: () => number) {
    this.#plugins = plugins;
    this.#hooks = hooks;
    this.#now = now;
  }

  /** Mutating admission: plugins change the object in place. */
  async admit(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.admit === undefined || !plugin.handles(request)) continue;
      const pending = plugin.admit(request);
      if (pending !== undefined) await pending;
    }
  }

  /** Validating admission: after it nothing changes any more. */
  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.validate === undefined || !plugin.handles(request)) continue;
      const pending = plugin.validate(request);
      if (pending !== undefined) await pending;
    }
  }

  /**
   * Strategy, hooks, ownership and validation of a new object, in place. Answers how to take back what the hooks
   * reserved; already taken back when this throws. `applied` says that server-side apply has set the ownership already.
   */
  async prepareCreate(
    context: WriteContext,
    next: KubeObject,
    applied: boolean,
  ): Promise<Rollback> {
    const { strategy } = context.resource.definition;
    strategy.prepareForCreate(next);
    const rollbacks: Rollback[] = [];
    try {
      for (const hook of this.#hooksOf(context)) {
        const rollback = await hook.beforeCreate?.(next, context.dryRun);
        if (rollback !== undefined) rollbacks.push(rollback);
      }
      if (!applied) trackCreate(context, next, this.#now());
      refuse(context, next, strategy.validateCreate(next));
      for (const warning of strategy.warnings(next, undefined)) context.warn(warning);
      await this.validate(admissionRequest(context, "CREATE", next, undefined));
    } catch (error) {
      await undo(rollbacks);
      throw error;
    }
    return () => undo(rollbacks);
  }

  /** The same for a change. */
  async prepareUpdate(
    context: WriteContext,
    next: KubeObject,
    previous: KubeObject,
    applied: boolean,
  ): Promise<Rollback> {
    const { strategy } = context.resource.definition;
    const status = context.subresource === "status";
    const narrow = narrowSubresource(context.subresource);
    if (narrow !== undefined) narrow.restrict(next, previous);
    else if (status) strategy.prepareForStatusUpdate(next, previous);
    else strategy.prepareForUpdate(next, previous);
    const rollbacks: Rollback[] = [];
    try {
      if (context.subresource === "") {
        for (const hook of this.#hooksOf(context)) {
          const rollback = await hook.beforeUpdate?.(next, previous, context.dryRun);
          if (rollback !== undefined) rollbacks.push(rollback);
        }
      }
      if (!applied) trackUpdate(context, next, previous, this.#now());
      // A binding has rules of its own: what gives a pod its node is no ordinary change of it.
      const errors = status
        ? strategy.validateStatusUpdate(next, previous)
        : context.subresource === "binding"
        ? []
        : strategy.validateUpdate(next, previous);
      refuse(context, next, errors);
      if (!status) {
        for (const warning of strategy.warnings(next, previous)) context.warn(warning);
      }
      await this.validate(admissionRequest(context, "UPDATE", next, previous));
    } catch (error) {
      await undo(rollbacks);
      throw error;
    }
    return () => undo(rollbacks);
  }

  /** Tells the hooks that an object is gone for good. */
  async deleted(context: WriteContext, previous: KubeObject): Promise<void> {
    for (const hook of this.#hooksOf(context)) await hook.afterDelete?.(previous);
  }

  #hooksOf({ definition }: WriteContext): WriteHook[] {
    return this.#hooks.filter((hook) =>
      hook.group === definition.group && hook.resource === definition.plural
    );
  }
}

export function admissionRequest(
  context: WriteContext,
  operation: AdmissionRequest["operation"],
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
): AdmissionRequest {
  const name = context.name !== "" ? context.name : object?.metadata?.name ?? "";
  return {
    operation,
    definition: context.resource.definition,
    subresource: context.subresource,
    namespace: context.namespace,
    name,
    object,
    oldObject,
    user: context.user,
    dryRun: context.dryRun,
    warn: (text) => context.warn(text),
  };
}

function refuse(context: WriteContext, next: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const meta = next.metadata ?? {};
  throw invalid(context.definition, meta.name ?? meta.generateName ?? "", errors);
}

async function undo(rollbacks: readonly Rollback[]): Promise<void> {
  for (const rollback of rollbacks.toReversed()) await rollback();
}
