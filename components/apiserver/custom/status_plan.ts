import { equalJson } from "../../base/mod.ts";
import {
  approvalCondition,
  type CustomResourceDefinition,
  type CustomResourceDefinitionStatus as Status,
  structuralCondition,
} from "../../api/served.ts";
import {
  findCondition,
  isTrue,
  sameCondition,
  withCondition,
  withoutCondition,
} from "./conditions.ts";
import { acceptNames, establishedBy } from "./naming.ts";

/**
 * The status that a definition should have, given all definitions there are; `now` in milliseconds. It is the same
 * object where nothing is to change.
 */
export function planStatus(
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
  now: number,
): Status {
  const { spec = {}, status = {} } = definition;
  let conditions = status.conditions ?? [];
  let names = status.acceptedNames ?? {};
  if (
    !equalJson(spec.names ?? {}, names) || findCondition(definition, "NamesAccepted") === undefined
  ) {
    const naming = acceptNames(definition, all);
    names = naming.names;
    if (!sameCondition(naming.condition, findCondition(definition, "NamesAccepted"))) {
      conditions = withCondition(conditions, naming.condition, now);
    }
  }
  const accepted = conditions.some(({ type, status }) =>
    type === "NamesAccepted" && status === "True"
  );
  if (!isTrue(definition, "Established")) {
    const established = establishedBy(definition, accepted);
    if (!sameCondition(established, findCondition(definition, "Established"))) {
      conditions = withCondition(conditions, established, now);
    }
  }
  const structural = structuralCondition(definition);
  const known = findCondition(definition, "NonStructuralSchema");
  if (structural !== undefined) {
    if (!sameCondition(structural, known)) conditions = withCondition(conditions, structural, now);
  } else if (known !== undefined) conditions = withoutCondition(conditions, "NonStructuralSchema");
  const approval = approvalCondition(definition);
  if (
    approval !== undefined && !sameCondition(approval, findCondition(definition, approval.type))
  ) {
    conditions = withCondition(conditions, approval, now);
  }
  return conditions === status.conditions && equalJson(names, status.acceptedNames ?? {})
    ? status
    : { ...status, conditions, acceptedNames: names };
}
