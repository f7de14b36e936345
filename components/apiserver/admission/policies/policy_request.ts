import type { Namespace } from "../../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer, ObjectReader } from "../../ports.ts";
import { Activation } from "../matching/activation.ts";
import { isExempt } from "../matching/attributes.ts";
import type { MeterConditions } from "../matching/condition_metrics.ts";
import type { Equivalents, Invocation } from "../matching/invocation.ts";
import { namespaceOf } from "../matching/selectors.ts";
import type { RequestVersions } from "../matching/versioned.ts";
import type { ConvertStored, ServedKinds } from "./params.ts";
import type { PolicyIndex } from "./policy_index.ts";
import type { PolicyMetrics } from "./policy_metrics.ts";

export interface PolicyOptions {
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
  readonly equivalents: Equivalents;
  readonly definitions: ServedKinds;
  readonly convertStored?: ConvertStored;
  readonly metrics: PolicyMetrics;
  readonly meterConditions: MeterConditions;
}

/** Questions about access are no writes: policies do not see them. */
const EXCLUDED: ReadonlySet<string> = new Set([
  "selfsubjectreviews.authentication.k8s.io",
  "tokenreviews.authentication.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
]);

/** True where policies are asked about a request at all. */
export function isJudged(request: AdmissionRequest): boolean {
  const { plural, group } = request.definition;
  return !isExempt(request) && !EXCLUDED.has(`${plural}.${group}`);
}

/** What both plugins have: the bound policies of one kind, and what they are judged with. */
export abstract class PolicyPlugin<P> implements AdmissionPlugin {
  abstract readonly name: string;

  constructor(
    protected readonly index: PolicyIndex<P>,
    protected readonly options: PolicyOptions,
  ) {}

  handles(request: AdmissionRequest): boolean {
    return !this.index.idle && isJudged(request);
  }
}

/** What the expressions of a policy read of a request. */
export async function activationOf(
  versions: RequestVersions,
  invocation: Invocation,
  { authorizer, reader }: PolicyOptions,
): Promise<Activation> {
  const { request } = versions;
  const objects = await versions.at(invocation);
  return new Activation(
    request,
    invocation,
    authorizer,
    objects,
    () => enclosing(request, reader),
  );
}

/** The namespace that a request is in; a namespace is in none. */
export function enclosing(request: AdmissionRequest, reader: ObjectReader): Namespace | undefined {
  const { definition } = request;
  if (definition.kind === "Namespace" && definition.group === "") return undefined;
  return namespaceOf(request, reader);
}

export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
