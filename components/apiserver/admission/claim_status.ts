import { equalJson, invalid, type StatusCause } from "../../base/mod.ts";
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  ResourceClaim,
  ResourceClaimStatus,
} from "../../api/served.ts";
import { parseServiceAccountUsername } from "../authn/mod.ts";
import { forbiddenError } from "../authz/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer, UserInfo } from "../ports.ts";
import { resourceQuestion } from "../questions.ts";
import { isFor } from "./target.ts";

const GROUP = "resource.k8s.io";
const NODE_NAME = "authentication.kubernetes.io/node-name";

/**
 * Who writes the status of a ResourceClaim needs more rights than that, by what it changes: `binding` for the
 * allocation and whom it is reserved for, `driver` for the devices of each driver, its own node's or any.
 */
export class ClaimStatusAuthorization implements AdmissionPlugin {
  readonly name = "ResourceClaimStatus";
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  handles(request: AdmissionRequest): boolean {
    return request.operation === "UPDATE" && request.internal !== true &&
      isFor(request, GROUP, "resourceclaims", "status");
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { status: next = {} } = request.object as ResourceClaim;
    const { status: previous = {} } = request.oldObject as ResourceClaim;
    const causes = [
      ...await this.#binding(request, next, previous),
      ...await this.#devices(request, next, previous),
    ];
    if (causes.length > 0) throw invalid(request.definition, request.name, causes);
  }

  async #binding(
    request: AdmissionRequest,
    next: ResourceClaimStatus,
    previous: ResourceClaimStatus,
  ): Promise<StatusCause[]> {
    if (
      equalJson(next.allocation, previous.allocation) &&
      equalJson(next.reservedFor ?? [], previous.reservedFor ?? [])
    ) return [];
    const verb = verbOf(request);
    // Of the whole cluster, whatever claim it is.
    const why = await this.#refusal(request, "binding", verb, "", "");
    return why === undefined ? [] : [forbiddenAt(
      "status",
      'changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", ' +
        `verb="${verb}" permission: ${why}`,
    )];
  }

  async #devices(
    request: AdmissionRequest,
    next: ResourceClaimStatus,
    previous: ResourceClaimStatus,
  ): Promise<StatusCause[]> {
    const drivers = changedDrivers(next.devices ?? [], previous.devices ?? []);
    if (drivers.length === 0) return [];
    const verb = verbOf(request);
    const verbs = isOnNode(request.user, nodeOf(next.allocation))
      ? [`associated-node:${verb}`, `arbitrary-node:${verb}`]
      : [`arbitrary-node:${verb}`];
    const causes: StatusCause[] = [];
    for (const driver of drivers) {
      const why = await this.#firstRefusal(request, verbs, driver);
      if (why === undefined) continue;
      causes.push(forbiddenAt(
        "status.devices",
        `changing status.devices requires resource="resourceclaims/driver", verb="[${
          verbs.join(" ")
        }]" permission: ${why}`,
      ));
    }
    return causes;
  }

  /** Any of the verbs is enough; the first says why not. */
  async #firstRefusal(
    request: AdmissionRequest,
    verbs: readonly string[],
    driver: string,
  ): Promise<string | undefined> {
    let first: string | undefined;
    for (const verb of verbs) {
      const why = await this.#refusal(request, "driver", verb, request.namespace, driver);
      if (why === undefined) return undefined;
      first ??= why;
    }
    return first;
  }

  async #refusal(
    { user, definition, requested = definition }: AdmissionRequest,
    subresource: string,
    verb: string,
    namespace: string,
    name: string,
  ): Promise<string | undefined> {
    const asked = resourceQuestion(user, verb, {
      group: GROUP,
      version: requested.version,
      resource: "resourceclaims",
      subresource,
      namespace,
      name,
    });
    const decision = await this.#authorizer.authorize(asked);
    return decision.allowed ? undefined : forbiddenError(asked, decision.reason).message;
  }
}

const verbOf = ({ verb = "update" }: AdmissionRequest): string => verb;

const forbiddenAt = (field: string, why: string): StatusCause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${why}`,
  field,
});

/** The drivers of devices that come, go or change, by name. Pure. */
export function changedDrivers(
  next: readonly AllocatedDeviceStatus[],
  previous: readonly AllocatedDeviceStatus[],
): string[] {
  const before = new Map(previous.map((each) => [keyOf(each), each]));
  const drivers = new Set<string>();
  for (const each of next) {
    const key = keyOf(each);
    if (!equalJson(before.get(key), each)) drivers.add(each.driver ?? "");
    before.delete(key);
  }
  for (const { driver = "" } of before.values()) drivers.add(driver);
  return [...drivers].sort();
}

const keyOf = ({ driver = "", pool = "", device = "", shareID = "" }: AllocatedDeviceStatus) =>
  JSON.stringify([driver, pool, device, shareID]);

/** The one node that an allocation is bound to; undefined for any other. Pure. */
export function nodeOf(allocation: AllocationResult | undefined): string | undefined {
  const [term, ...others] = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  if (term === undefined || others.length > 0 || (term.matchExpressions ?? []).length > 0) {
    return undefined;
  }
  const [field, ...fields] = term.matchFields ?? [];
  if (field === undefined || fields.length > 0) return undefined;
  const { key, operator, values = [] } = field;
  return key === "metadata.name" && operator === "In" && values.length === 1
    ? values[0]
    : undefined;
}

/** True for a service account whose token is bound to that node. */
function isOnNode({ username, extra }: UserInfo, node: string | undefined): boolean {
  if (node === undefined || parseServiceAccountUsername(username) === undefined) return false;
  const names = extra?.[NODE_NAME] ?? [];
  return names.length === 1 && names[0] === node;
}
