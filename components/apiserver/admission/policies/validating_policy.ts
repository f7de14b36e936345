import {
  CEL_ADMISSION_RESULTS,
  type CelBudget,
  celPolicyVariables,
  type CelType,
  celWithoutAuthorizer,
  type KubeObject,
  type ParamKind,
  type ValidatingAdmissionPolicy,
} from "../../../api/served.ts";
import { type Activation, CALL_COST_MAXIMUM, POLICY_COST_MAXIMUM } from "../matching/activation.ts";
import { type ConditionsOutcome, MatchConditions } from "../matching/conditions.ts";
import { compileExpression, evaluateExpression, type PolicyExpression } from "./expression.ts";
import { ResourceMatcher } from "./match_resources.ts";
import { Variables } from "./variables.ts";

const MESSAGE_MAXIMUM_BYTES = 5 * 1024;

/** One no of a policy; a failure may be one as well. */
export interface Decision {
  /** The expression could not be evaluated. */
  readonly failed: boolean;
  /** How long the evaluation took. */
  readonly seconds: number;
  readonly message: string;
  /** Empty for the usual one. */
  readonly reason: string;
  /** Which validation it was. */
  readonly index: number;
}

/** What one evaluation of a policy says. */
export interface Verdict {
  readonly denials: readonly Decision[];
  readonly annotations: readonly (readonly [key: string, value: string])[];
  /** Annotations that failed refuse as well, whatever a binding does about denials. */
  readonly failures: readonly Decision[];
  /** Evaluations that failed and count for nothing, as the policy says. */
  readonly ignored: readonly Decision[];
}

/** Hears of one evaluation. */
export interface EvaluationMeter {
  /** The seconds since some moment. */
  now(): number;
  /** Begins to ask the conditions; what they say ends it. */
  asking(): (outcome: ConditionsOutcome) => void;
}

const UNMETERED: EvaluationMeter = { now: () => 0, asking: () => () => {} };

interface Rule {
  readonly check: PolicyExpression;
  readonly message: string;
  readonly messageExpression: PolicyExpression | undefined;
  readonly reason: string;
}

const NOTHING: Verdict = { denials: [], annotations: [], failures: [], ignored: [] };

/** A compiled ValidatingAdmissionPolicy. */
export class ValidatingPolicy {
  readonly name: string;
  readonly paramKind: ParamKind | undefined;
  readonly matcher: ResourceMatcher;
  readonly failClosed: boolean;
  readonly #source: ValidatingAdmissionPolicy;
  #compiled: Compiled | undefined;

  constructor(object: KubeObject) {
    const policy = object as ValidatingAdmissionPolicy;
    this.#source = policy;
    this.name = policy.metadata?.name ?? "";
    this.paramKind = policy.spec?.paramKind;
    this.matcher = new ResourceMatcher(policy.spec?.matchConstraints ?? {});
    this.failClosed = policy.spec?.failurePolicy !== "Ignore";
  }

  async evaluate(
    activation: Activation,
    params: KubeObject | null,
    { now, asking }: EvaluationMeter = UNMETERED,
  ): Promise<Verdict> {
    const { conditions, rules, annotations, variables } = this.#compiled ??= compile(this.#source);
    const shared = this.paramKind === undefined ? {} : { params };
    const given = activation.with(shared);
    if (!conditions.none) {
      const done = asking();
      const outcome = await conditions.match(activation, this.failClosed, given);
      done(outcome);
      if ("error" in outcome) return this.#failed(outcome.error);
      if (!outcome.matches) return NOTHING;
    }
    const budget: CelBudget = { callLimit: CALL_COST_MAXIMUM, remaining: POLICY_COST_MAXIMUM };
    const lazy = variables.open(() => given, budget);
    const values = () => activation.with({ ...shared, variables: lazy() });
    const denials: Decision[] = [];
    const ignored: Decision[] = [];
    for (const [index, rule] of rules.entries()) {
      const since = now();
      const outcome = await evaluateExpression(rule.check, activation, values, budget);
      if ("error" in outcome) {
        if (outcome.overBudget) return this.#failed(outcome.error);
        (this.failClosed ? denials : ignored).push(
          failure(outcome.error, index, now() - since),
        );
      } else if (outcome.value !== true) {
        const message = await messageOf(rule, activation, values, budget);
        const { reason } = rule;
        denials.push({ message, reason, index, failed: false, seconds: now() - since });
      }
    }
    const published: [string, string][] = [];
    const failures: Decision[] = [];
    // Annotations have a budget of their own.
    budget.remaining = POLICY_COST_MAXIMUM;
    for (const { key, expression } of annotations) {
      const outcome = await evaluateExpression(expression, activation, values, budget);
      if ("error" in outcome) {
        if (outcome.overBudget) return this.#failed(outcome.error);
        if (this.failClosed) failures.push(failure(outcome.error, 0, 0));
      } else if (typeof outcome.value === "string") {
        const value = outcome.value.trim();
        if (value !== "") published.push([key, value]);
      }
    }
    return { denials, annotations: published, failures, ignored };
  }

  #failed(message: string): Verdict {
    const failed = [failure(message, 0, 0)];
    return this.failClosed ? { ...NOTHING, denials: failed } : { ...NOTHING, ignored: failed };
  }
}

const failure = (message: string, index: number, seconds: number): Decision => ({
  message,
  reason: "",
  index,
  failed: true,
  seconds,
});

interface Compiled {
  readonly conditions: MatchConditions;
  readonly variables: Variables;
  readonly rules: readonly Rule[];
  readonly annotations: readonly { readonly key: string; readonly expression: PolicyExpression }[];
}

function compile({ spec = {} }: ValidatingAdmissionPolicy): Compiled {
  const scope = celPolicyVariables(spec.paramKind !== undefined);
  const variables = new Variables(spec.variables ?? [], scope);
  const all: Record<string, CelType> = { ...scope, variables: variables.type };
  const unauthorized = celWithoutAuthorizer(all);
  return {
    conditions: new MatchConditions(spec.matchConditions ?? [], scope),
    variables,
    rules: (spec.validations ?? []).map((each) => ({
      check: compileExpression(each.expression ?? "", {
        variables: all,
        expects: CEL_ADMISSION_RESULTS.condition,
      }),
      message: (each.message ?? "").trim(),
      messageExpression: (each.messageExpression ?? "") === ""
        ? undefined
        : compileExpression(each.messageExpression ?? "", {
          variables: unauthorized,
          expects: CEL_ADMISSION_RESULTS.message,
        }),
      reason: each.reason ?? "Invalid",
    })),
    annotations: (spec.auditAnnotations ?? []).map(({ key = "", valueExpression = "" }) => ({
      key,
      expression: compileExpression(valueExpression, {
        variables: unauthorized,
        expects: CEL_ADMISSION_RESULTS.annotation,
      }),
    })),
  };
}

async function messageOf(
  { check, message, messageExpression }: Rule,
  activation: Activation,
  values: () => Readonly<Record<string, unknown>>,
  budget: CelBudget,
): Promise<string> {
  if (messageExpression !== undefined) {
    const outcome = await evaluateExpression(messageExpression, activation, values, budget);
    const text = "value" in outcome && typeof outcome.value === "string"
      ? outcome.value.trim()
      : "";
    const usable = text !== "" && !text.includes("\n") &&
      new TextEncoder().encode(text).length <= MESSAGE_MAXIMUM_BYTES;
    if (usable) return text;
  }
  return message === "" ? `failed expression: ${check.text.trim()}` : message;
}
