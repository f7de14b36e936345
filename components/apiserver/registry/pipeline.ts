import { invalid } from "../../base/mod.ts";
import {
  type FieldError,
  type KubeObject,
  type Strategy,
  subresourceStrategyFor,
} from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, Rollback, WriteHook } from "../ports.ts";
import { ruledDefinition, type WriteContext } from "./write_context.ts";

/** What every write goes through between the decoded body and the store. */
export class WritePipeline {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #hooks: readonly WriteHook[];

  constructor(plugins: readonly AdmissionPlugin[], hooks: readonly WriteHook[]) {
    this.#plugins = plugins;
    this.#hooks = hooks;
  }

  /** Mutating admission: plugins change the object in place. */
  async admit(request: AdmissionRequest): Promise<void> {
    await this.#admitOnce(request);
    const { rounds } = request;
    if (rounds?.again !== true) return;
    rounds.second = true;
    await this.#admitOnce(request);
  }

  async #admitOnce(request: AdmissionRequest): Promise<void> {
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
   * Strategy, hooks and validation of a new object, in place. Answers how to take back what the hooks reserved; already
   * taken back when this throws.
   */
  async prepareCreate(context: WriteContext, next: KubeObject): Promise<Rollback> {
    const { strategy } = ruledDefinition(context);
    strategy.prepareForCreate(next);
    const rollbacks: Rollback[] = [];
    try {
      for (const hook of this.#hooksOf(context)) {
        const rollback = await hook.beforeCreate?.(next, context.dryRun);
        if (rollback !== undefined) rollbacks.push(rollback);
      }
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
  ): Promise<Rollback> {
    const { strategy } = ruledDefinition(context);
    const status = context.subresource === "status";
    const rules = updateRules(context);
    rules.prepareForUpdate(next, previous);
    const rollbacks: Rollback[] = [];
    try {
      if (context.subresource === "") {
        for (const hook of this.#hooksOf(context)) {
          const rollback = await hook.beforeUpdate?.(next, previous, context.dryRun);
          if (rollback !== undefined) rollbacks.push(rollback);
        }
      }
      refuse(context, next, rules.validateUpdate(next, previous));
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

  /** Tells the hooks that a change of the object itself is durable. */
  async updated(context: WriteContext, next: KubeObject, previous: KubeObject): Promise<void> {
    if (context.subresource !== "") return;
    for (const hook of this.#hooksOf(context)) await hook.afterUpdate?.(next, previous);
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

type UpdateRules = Pick<Strategy, "prepareForUpdate" | "validateUpdate">;

/** A binding makes the object itself: nothing of it is the caller's, and no rule of ordinary changes holds for it. */
const BINDING: UpdateRules = { prepareForUpdate() {}, validateUpdate: () => [] };

/** The rules of changing an object through the main resource, its status, or a subresource that has its own. */
function updateRules(context: WriteContext): UpdateRules {
  const { subresource } = context;
  const definition = ruledDefinition(context);
  const { strategy } = definition;
  switch (subresource) {
    case "":
      return strategy;
    case "status":
      return {
        prepareForUpdate: strategy.prepareForStatusUpdate,
        validateUpdate: strategy.validateStatusUpdate,
      };
    case "binding":
      return BINDING;
    default:
      return subresourceStrategyFor(definition, subresource) ?? strategy;
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
    definition: ruledDefinition(context),
    subresource: context.subresource,
    namespace: context.namespace,
    name,
    object,
    oldObject,
    user: context.user,
    dryRun: context.dryRun,
    warn: (text) => context.warn(text),
    requested: context.definition,
    verb: context.verb,
    options: context.options,
    internal: context.internal,
    versions: context.resource,
    annotate: context.annotate,
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
