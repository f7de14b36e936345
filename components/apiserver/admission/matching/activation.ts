import { isJsonObject, type JsonObject } from "../../../base/mod.ts";
import {
  celAuthorizer,
  type CelBudget,
  CelFailure,
  CelPending,
  type CelProgram,
  celResourceAuthorizer,
  type KubeObject,
  type Namespace,
} from "../../../api/served.ts";
import type { AdmissionRequest, Authorizer } from "../../ports.ts";
import { attributesOf, kindOf } from "./attributes.ts";
import { RequestAuthorizer } from "./cel_authorizer.ts";
import type { Invocation } from "./invocation.ts";

/** Upstream's bounds: of one evaluation, of all of a policy's or a configuration's, of match conditions. */
export const CALL_COST_MAXIMUM = 1_000_000;
export const POLICY_COST_MAXIMUM = 10_000_000;
export const CONDITIONS_COST_MAXIMUM = 2_500_000;

/** A request as AdmissionReview and `request` have it, but for its objects and its uid. */
export function describeRequest(request: AdmissionRequest, invocation: Invocation): JsonObject {
  const { definition, requested = definition, user, subresource, operation } = request;
  const resourceOf = ({ group, version, plural: resource }: typeof definition) => ({
    group,
    version,
    resource,
  });
  const sub = subresource === "" ? {} : { subResource: subresource };
  return {
    kind: { ...invocation.kind },
    resource: resourceOf(invocation.definition),
    ...sub,
    requestKind: { ...kindOf(requested, subresource) },
    requestResource: resourceOf(requested),
    ...(subresource === "" ? {} : { requestSubResource: subresource }),
    ...(request.name === "" ? {} : { name: request.name }),
    ...(request.namespace === "" ? {} : { namespace: request.namespace }),
    operation,
    userInfo: {
      ...(user.username === "" ? {} : { username: user.username }),
      ...(user.uid === undefined || user.uid === "" ? {} : { uid: user.uid }),
      ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
      ...(user.extra === undefined ? {} : { extra: cloneExtra(user.extra) }),
    },
    dryRun: request.dryRun,
    options: optionsOf(request),
  };
}

const OPTION_KINDS = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" };

function optionsOf({ operation, options }: AdmissionRequest): JsonObject | null {
  if (operation === "CONNECT") return null;
  return {
    kind: OPTION_KINDS[operation],
    apiVersion: "meta.k8s.io/v1",
    ...options?.(),
  };
}

function cloneExtra(extra: Readonly<Record<string, readonly string[]>>): JsonObject {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
}

/** What the expressions of one request read: each value is made when it is read first. */
export class Activation {
  readonly authorizer: RequestAuthorizer;
  readonly #values: Record<string, unknown>;

  constructor(
    request: AdmissionRequest,
    invocation: Invocation,
    authorizer: Authorizer,
    /** The objects as the invocation's version has them. */
    objects: {
      readonly object: () => KubeObject | null;
      readonly oldObject: () => KubeObject | null;
    },
    namespace: () => Namespace | undefined,
  ) {
    const asked = new RequestAuthorizer(authorizer, request.user);
    this.authorizer = asked;
    this.#values = {
      get object() {
        return objects.object();
      },
      get oldObject() {
        return objects.oldObject();
      },
      get request() {
        return describeRequest(request, invocation);
      },
      get namespaceObject() {
        const found = namespace();
        return found === undefined ? null : namespaceValue(found);
      },
      get authorizer() {
        return celAuthorizer(asked);
      },
      get "authorizer.requestResource"() {
        const { group, resource, subresource, namespace, name } = attributesOf(request);
        return celResourceAuthorizer(asked, { group, resource, subresource, namespace, name });
      },
    };
  }

  /** The same with other values beside. */
  with(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return Object.defineProperties(
      Object.defineProperties({}, Object.getOwnPropertyDescriptors(this.#values)),
      Object.getOwnPropertyDescriptors(values),
    );
  }

  get values(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  /** Evaluates as often as decisions of the authorizer are missing. */
  async evaluate(
    program: CelProgram,
    values: Readonly<Record<string, unknown>>,
    budget: CelBudget,
  ): Promise<unknown> {
    for (;;) {
      const result = program.evaluate(values, budget);
      if (!(result instanceof CelPending)) return result;
      await this.authorizer.settle(result.check);
    }
  }
}

/** Namespaces show less of themselves to expressions than they have. */
function namespaceValue(namespace: Namespace): JsonObject {
  const { metadata = {}, spec, status } = namespace as unknown as JsonObject;
  const { uid, ...meta } = isJsonObject(metadata) ? metadata : {};
  return {
    metadata: { ...meta, ...(uid === undefined ? {} : { UID: uid }) },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
}

/** How upstream tells of an expression that failed. */
export const expressionError = (text: string, { message }: CelFailure): string =>
  `expression '${text}' resulted in error: ${message}`;
