import { formatQuantity } from "../../api/mod.ts";
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NodeSelector,
  NodeSelectorRequirement,
} from "../../api/mod.ts";
import { AllocationError } from "./allocation_error.ts";
import type { ClaimPlan } from "./claim_plan.ts";
import type { Choice, ClaimChoice } from "./device_search.ts";

/** What is written into a claim's status. `shareId` makes the name of each share of a device. */
export function allocationResult(
  plan: ClaimPlan,
  choice: ClaimChoice,
  node: string,
  shareId: () => string,
): AllocationResult {
  const config = configuration(plan, choice);
  const nodeSelector = nodeSelectorOf(choice.choices, node);
  return {
    devices: {
      results: choice.choices.map((one) => deviceResult(one, shareId)),
      ...(config.length === 0 ? {} : { config }),
    },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  };
}

function deviceResult(
  { wish, device: { device, slice }, share }: Choice,
  shareId: () => string,
): DeviceRequestAllocationResult {
  const { bindingConditions = [], bindingFailureConditions = [] } = device;
  return {
    request: wish.name,
    driver: slice.driver,
    pool: slice.pool,
    device: device.name ?? "",
    ...(wish.adminAccess ? { adminAccess: true } : {}),
    ...(wish.tolerations.length === 0 ? {} : { tolerations: [...wish.tolerations] }),
    ...(bindingConditions.length === 0 ? {} : { bindingConditions }),
    ...(bindingFailureConditions.length === 0 ? {} : { bindingFailureConditions }),
    ...(share === undefined ? {} : {
      shareID: shareId(),
      consumedCapacity: Object.fromEntries(
        [...share].map(([name, nano]) => [name, formatQuantity({ nano, format: "BinarySI" })]),
      ),
    }),
  };
}

/** Configuration of classes, each once, then of the claim, as far as it is for what was chosen. */
function configuration(
  { claim }: ClaimPlan,
  { wishes }: ClaimChoice,
): DeviceAllocationConfiguration[] {
  const all: DeviceAllocationConfiguration[] = [];
  const classes = new Map<string, string[]>();
  for (const { name, deviceClass } of wishes) {
    const className = deviceClass.metadata?.name ?? "";
    const known = classes.get(className);
    if (known !== undefined) {
      known.push(name);
      continue;
    }
    const requests = [name];
    classes.set(className, requests);
    for (const { opaque } of deviceClass.spec?.config ?? []) {
      all.push({
        source: "FromClass",
        requests,
        ...(opaque === undefined ? {} : { opaque }),
      });
    }
  }
  for (const { requests = [], opaque } of claim.spec?.devices?.config ?? []) {
    const concerns = requests.length === 0 ||
      wishes.some(({ name, request }) => requests.includes(name) || requests.includes(request));
    if (!concerns) continue;
    all.push({
      source: "FromClaim",
      ...(requests.length === 0 ? {} : { requests }),
      ...(opaque === undefined ? {} : { opaque }),
    });
  }
  return all;
}

const onlyOn = (node: string): NodeSelector => ({
  nodeSelectorTerms: [{
    matchFields: [{ key: "metadata.name", operator: "In", values: [node] }],
  }],
});

/** The nodes that reach all devices; undefined for every node. */
function nodeSelectorOf(choices: readonly Choice[], node: string): NodeSelector | undefined {
  const matchExpressions: NodeSelectorRequirement[] = [];
  const matchFields: NodeSelectorRequirement[] = [];
  for (const { device: { device, slice } } of choices) {
    if (device.bindsToNode === true) return onlyOn(node);
    const nodeName = slice.perDevice ? device.nodeName ?? "" : slice.nodeName;
    if (nodeName !== "") return onlyOn(nodeName);
    const terms = (slice.perDevice ? device.nodeSelector : slice.nodeSelector)?.nodeSelectorTerms ??
      [];
    if (terms.length > 1) {
      throw new AllocationError(
        `unsupported ResourceSlice.NodeSelector with ${terms.length} terms`,
      );
    }
    for (const one of terms[0]?.matchExpressions ?? []) addNew(matchExpressions, one);
    for (const one of terms[0]?.matchFields ?? []) addNew(matchFields, one);
  }
  if (matchExpressions.length + matchFields.length === 0) return undefined;
  return {
    nodeSelectorTerms: [{
      ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
      ...(matchFields.length === 0 ? {} : { matchFields }),
    }],
  };
}

function addNew(known: NodeSelectorRequirement[], one: NodeSelectorRequirement): void {
  const values = [...one.values ?? []].sort().join("\n");
  const isKnown = known.some((other) =>
    other.key === one.key && other.operator === one.operator &&
    [...other.values ?? []].sort().join("\n") === values
  );
  if (!isKnown) known.push(one);
}
