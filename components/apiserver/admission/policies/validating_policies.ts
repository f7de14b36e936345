import { ApiError } from "../../../base/mod.ts";
import type { AdmissionRequest } from "../../ports.ts";
import type { Activation } from "../matching/activation.ts";
import { RequestVersions } from "../matching/versioned.ts";
import { rejected } from "../target.ts";
import { paramsOf } from "./params.ts";
import type { Binding, Bound } from "./policy_index.ts";
import type { Enforcement, PolicyMetrics } from "./policy_metrics.ts";
import { activationOf, PolicyPlugin, textOf } from "./policy_request.ts";
import type { Decision, ValidatingPolicy } from "./validating_policy.ts";

const FAILURE_ANNOTATION = "validation.policy.admission.k8s.io/validation_failure";
const ANNOTATION_MAXIMUM_CHARACTERS = 10 * 1024;
const CODES: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
};

const ENFORCEMENTS: Readonly<Record<string, Enforcement>> = {
  Deny: "deny",
  Audit: "audit",
  Warn: "warn",
};

interface Denial {
  readonly message: string;
  readonly reason: string;
  readonly policy: string;
  readonly binding: string | undefined;
}

/** Asks every bound policy that is for a request; what is refused is told with the first no. */
export class ValidatingPolicies extends PolicyPlugin<ValidatingPolicy> {
  readonly name = "ValidatingAdmissionPolicy";

  async validate(request: AdmissionRequest): Promise<void> {
    await this.index.started;
    const versions = new RequestVersions(request);
    const denials: Denial[] = [];
    for (const bound of this.index.all) await this.#judge(versions, bound, denials);
    const [first] = denials;
    if (first !== undefined) throw refusal(request, first);
  }

  async #judge(
    versions: RequestVersions,
    { policy, bindings }: Bound<ValidatingPolicy>,
    denials: Denial[],
  ): Promise<void> {
    const { request } = versions;
    const { reader, equivalents, metrics, meterConditions } = this.options;
    const owner = { name: policy.name, kind: "policy", type: "validate" } as const;
    const meter = { now: metrics.now, asking: () => meterConditions(owner, request) };
    const misconfigured = (what: string, error: unknown, binding?: string) => {
      if (!policy.failClosed) return;
      const message = `failed to configure ${what}: ${textOf(error)}`;
      denials.push({ message, reason: "", policy: policy.name, binding });
    };
    let invocation;
    try {
      invocation = policy.matcher.match(request, reader, equivalents);
    } catch (error) {
      return misconfigured("policy", error);
    }
    if (invocation === undefined) return;
    let activation: Activation | undefined;
    const published = new Map<string, Set<string>>();
    for (const binding of bindings) {
      let params;
      try {
        if (binding.matcher?.match(request, reader, equivalents) === undefined) {
          if (binding.matcher !== undefined) continue;
        }
        const { paramKind } = policy;
        params = await paramsOf(paramKind, binding.paramRef, request.namespace, this.options);
      } catch (error) {
        misconfigured("binding", error, binding.name);
        continue;
      }
      try {
        activation ??= await activationOf(versions, invocation, this.options);
      } catch (error) {
        const why = `failed to convert object version: ${textOf(error)}`;
        misconfigured("binding", new Error(why), binding.name);
        continue;
      }
      for (const param of params) {
        const verdict = await policy.evaluate(activation, param, meter);
        for (const one of verdict.ignored) {
          metrics.validated(policy.name, binding.name, one, "allow");
        }
        for (const denial of verdict.denials) {
          act(request, policy, binding, denial, denials, metrics);
        }
        for (const failure of verdict.failures) {
          denials.push({ ...failure, policy: policy.name, binding: binding.name });
        }
        for (const [key, value] of verdict.annotations) {
          const cut = value.slice(0, ANNOTATION_MAXIMUM_CHARACTERS);
          published.set(key, (published.get(key) ?? new Set()).add(cut));
        }
      }
    }
    for (const [key, values] of published) {
      request.annotate?.(`${policy.name}/${key}`, [...values].join(", "));
    }
  }
}

/** Does with a no what the binding says. */
function act(
  request: AdmissionRequest,
  { name }: ValidatingPolicy,
  binding: Binding,
  decision: Decision,
  denials: Denial[],
  metrics: PolicyMetrics,
): void {
  const { message, index } = decision;
  for (const action of binding.actions) {
    const enforcement = ENFORCEMENTS[action];
    if (enforcement !== undefined) metrics.validated(name, binding.name, decision, enforcement);
    switch (action) {
      case "Deny":
        denials.push({ ...decision, policy: name, binding: binding.name });
        break;
      case "Audit":
        request.annotate?.(
          FAILURE_ANNOTATION,
          JSON.stringify([{
            message,
            policy: name,
            binding: binding.name,
            expressionIndex: index,
            validationActions: binding.actions,
          }]),
        );
        break;
      case "Warn":
        request.warn(
          `Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${binding.name}': ${message}`,
        );
    }
  }
}

/** The text is that of a 403 whatever the reason is. */
function refusal(request: AdmissionRequest, denial: Denial): ApiError {
  const { policy, binding, message } = denial;
  const by = binding === undefined ? "" : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const error = rejected(request, text, [{ message: text }]);
  const reason = denial.reason === "" ? "Invalid" : denial.reason;
  return new ApiError(CODES[reason] ?? 422, reason, error.message, error.details);
}
