import type { JsonObject } from "../../../base/mod.ts";
import {
  CEL_ADMISSION_RESULTS,
  type CelBudget,
  celMutationObject,
  celMutationType,
  celPolicyVariables,
  type KubeObject,
  type MutatingAdmissionPolicy,
  type ParamKind,
  type StructSchema,
} from "../../../api/served.ts";
import { type Activation, CALL_COST_MAXIMUM, POLICY_COST_MAXIMUM } from "../matching/activation.ts";
import { type ConditionsOutcome, MatchConditions } from "../matching/conditions.ts";
import { compileExpression, evaluateExpression, type PolicyExpression } from "./expression.ts";
import { ResourceMatcher } from "./match_resources.ts";
import { withConfiguration, withOperations } from "./mutation.ts";
import { Variables } from "./variables.ts";

interface Mutation {
  readonly kind: "ApplyConfiguration" | "JSONPatch";
  readonly expression: PolicyExpression;
}

interface Compiled {
  readonly conditions: MatchConditions;
  readonly variables: Variables;
  readonly mutations: readonly Mutation[];
}

/** A compiled MutatingAdmissionPolicy. */
export class MutatingPolicy {
  readonly name: string;
  readonly paramKind: ParamKind | undefined;
  readonly matcher: ResourceMatcher;
  readonly failClosed: boolean;
  readonly reinvocable: boolean;
  readonly #source: MutatingAdmissionPolicy;
  #compiled: Compiled | undefined;

  constructor(object: KubeObject) {
    const policy = object as MutatingAdmissionPolicy;
    this.#source = policy;
    this.name = policy.metadata?.name ?? "";
    this.paramKind = policy.spec?.paramKind;
    this.matcher = new ResourceMatcher(policy.spec?.matchConstraints ?? {});
    this.failClosed = policy.spec?.failurePolicy !== "Ignore";
    this.reinvocable = policy.spec?.reinvocationPolicy === "IfNeeded";
  }

  /**
   * What the mutations make of an object, one after the other; undefined where the conditions say no. Each sees what
   * those before it have made: `open` gives an activation for an object. Throws an `Error` for one that fails.
   */
  async mutate(
    object: JsonObject,
    params: KubeObject | null,
    schema: StructSchema | undefined,
    open: (object: JsonObject) => Activation,
    /** Begins to ask the conditions. */
    asking?: () => (outcome: ConditionsOutcome) => void,
  ): Promise<JsonObject | undefined> {
    const { conditions, variables, mutations } = this.#compiled ??= compile(this.#source);
    const shared = this.paramKind === undefined ? {} : { params };
    let activation = open(object);
    if (!conditions.none) {
      const given = activation.with(shared);
      const done = asking?.();
      const outcome = await conditions.match(activation, true, given);
      done?.(outcome);
      if ("error" in outcome) throw new Error(outcome.error);
      if (!outcome.matches) return undefined;
    }
    const budget: CelBudget = { callLimit: CALL_COST_MAXIMUM, remaining: POLICY_COST_MAXIMUM };
    let current = object;
    for (const { kind, expression } of mutations) {
      if (current !== object) activation = open(current);
      const of = activation;
      const lazy = variables.open(() => of.with(shared), budget);
      const values = () => of.with({ ...shared, variables: lazy() });
      const read = kind === "JSONPatch" ? undefined : celMutationObject;
      const outcome = await evaluateExpression(expression, of, values, budget, read);
      if ("error" in outcome) throw new Error(outcome.error);
      current = kind === "JSONPatch"
        ? withOperations(current, outcome.value)
        : withConfiguration(current, outcome.value, schema ?? noSchema(object));
    }
    return current;
  }
}

function noSchema({ apiVersion, kind }: JsonObject): never {
  throw new Error(
    "error applying patch: failed to convert original object to typed object: " +
      `no corresponding type for /${apiVersion}, Kind=${kind}`,
  );
}

function compile({ spec = {} }: MutatingAdmissionPolicy): Compiled {
  const scope = celPolicyVariables(spec.paramKind !== undefined);
  const variables = new Variables(spec.variables ?? [], scope);
  const all = { ...scope, variables: variables.type };
  return {
    conditions: new MatchConditions(spec.matchConditions ?? [], scope),
    variables,
    mutations: (spec.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) => {
      const kind = patchType === "JSONPatch" ? patchType : "ApplyConfiguration";
      const text = (kind === "JSONPatch" ? jsonPatch : applyConfiguration)?.expression ?? "";
      return {
        kind,
        expression: compileExpression(text, {
          variables: all,
          objectType: celMutationType,
          expects: CEL_ADMISSION_RESULTS[kind],
        }),
      };
    }),
  };
}
