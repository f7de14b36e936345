import { ApiError, type JsonObject } from "../../../base/mod.ts";
import type { KubeObject } from "../../../api/served.ts";
import type { AdmissionRequest } from "../../ports.ts";
import { asJson } from "../../registry/mod.ts";
import { Activation } from "../matching/activation.ts";
import { isWhole } from "../matching/attributes.ts";
import type { Invocation } from "../matching/invocation.ts";
import { type Reinvocation, reinvocationOf } from "../matching/reinvocation.ts";
import { RequestVersions } from "../matching/versioned.ts";
import { rejected } from "../target.ts";
import type { MutatingPolicy } from "./mutating_policy.ts";
import { unchanged } from "./mutation.ts";
import { paramsOf } from "./params.ts";
import type { Bound } from "./policy_index.ts";
import { enclosing, PolicyPlugin, textOf } from "./policy_request.ts";

interface Failure {
  readonly message: string;
  readonly reason: string;
}

/** Lets every bound policy that is for a request change its object, in the order of their names. */
export class MutatingPolicies extends PolicyPlugin<MutatingPolicy> {
  readonly name = "MutatingAdmissionPolicy";

  override handles(request: AdmissionRequest): boolean {
    return super.handles(request) && request.object !== undefined;
  }

  async admit(request: AdmissionRequest): Promise<void> {
    await this.index.started;
    const reinvocation = reinvocationOf(request, this);
    const versions = new RequestVersions(request);
    reinvocation.begin(request.object);
    const failures: Failure[] = [];
    for (const bound of this.index.all) await this.#apply(versions, bound, reinvocation, failures);
    reinvocation.end(request.object);
    const [first] = failures;
    if (first === undefined) return;
    const causes = failures.map(({ message }) => ({ message }));
    const { details } = rejected(request, "", causes);
    throw new ApiError(403, first.reason, first.message, details);
  }

  async #apply(
    versions: RequestVersions,
    { policy, bindings }: Bound<MutatingPolicy>,
    reinvocation: Reinvocation,
    failures: Failure[],
  ): Promise<void> {
    const { request } = versions;
    const { reader, equivalents, metrics } = this.options;
    const fail = (error: unknown, reason: string, binding?: string) => {
      if (!policy.failClosed) return;
      const by = binding === undefined
        ? `policy ${JSON.stringify(policy.name)}`
        : `policy '${policy.name}' with binding '${binding}'`;
      failures.push({ message: `${by} denied request: ${textOf(error)}`, reason });
    };
    let invocation;
    try {
      invocation = policy.matcher.match(request, reader, equivalents);
    } catch (error) {
      return fail(error, "Forbidden");
    }
    if (invocation === undefined) return;
    for (const binding of bindings) {
      let params;
      try {
        const { matcher, paramRef } = binding;
        if (matcher !== undefined && matcher.match(request, reader, equivalents) === undefined) {
          continue;
        }
        params = await paramsOf(policy.paramKind, paramRef, request.namespace, this.options);
      } catch (error) {
        fail(error, "Forbidden", binding.name);
        continue;
      }
      for (const param of params) {
        const id = `${policy.name}/${binding.name}/${placeOf(param)}`;
        if (!reinvocation.wants(id)) continue;
        const since = metrics.now();
        try {
          const changed = await this.#mutate(versions, invocation, policy, param);
          if (changed) reinvocation.changed();
          metrics.mutated(policy.name, binding.name, metrics.now() - since);
        } catch (error) {
          metrics.mutated(policy.name, binding.name, metrics.now() - since, textOf(error));
          if (error instanceof ApiError) throw error;
          fail(error, "Invalid", binding.name);
        }
        if (policy.reinvocable) reinvocation.called(id);
      }
    }
  }

  async #mutate(
    versions: RequestVersions,
    invocation: Invocation,
    policy: MutatingPolicy,
    param: KubeObject | null,
  ): Promise<boolean> {
    const { request } = versions;
    const objects = await versions.at(invocation);
    const object = objects.object();
    if (object === null) return false;
    const before = asJson(object);
    const { authorizer, reader, meterConditions } = this.options;
    const owner = { name: policy.name, kind: "policy", type: "admit" } as const;
    const asking = () => meterConditions(owner, request);
    const open = (current: JsonObject) =>
      new Activation(request, invocation, authorizer, {
        object: () => current as unknown as KubeObject,
        oldObject: objects.oldObject,
      }, () => enclosing(request, reader));
    const after = await policy.mutate(
      before,
      param,
      schemaOf(request, invocation),
      open,
      asking,
    );
    if (after === undefined || unchanged(after, before)) return false;
    await versions.takeBack(structuredClone(after), invocation);
    return true;
  }
}

/** Bodies of subresources may be of other kinds than the resource. */
function schemaOf({ subresource, operation }: AdmissionRequest, { definition }: Invocation) {
  // What a connection is for has no schema that configurations could be merged by.
  if (operation === "CONNECT") return undefined;
  if (isWhole(subresource)) return definition.schema;
  return definition.subresources.get(subresource)?.schema ?? definition.schema;
}

const placeOf = (param: KubeObject | null): string =>
  `${param?.metadata?.namespace ?? ""}/${param?.metadata?.name ?? ""}`;
