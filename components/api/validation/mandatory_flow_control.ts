import type {
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
} from "../generated/types.ts";

const group = (name: string) => ({ kind: "Group", group: { name } });
const everythingOf = (...groups: readonly string[]): PolicyRulesWithSubjects => ({
  subjects: groups.map(group),
  resourceRules: [{
    verbs: ["*"],
    apiGroups: ["*"],
    resources: ["*"],
    clusterScope: true,
    namespaces: ["*"],
  }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
});

/** The priority levels that there always are, by name; of the exempt one only `exempt` may be another. */
export const MANDATORY_PRIORITY_LEVELS: Readonly<
  Record<"exempt" | "catch-all", PriorityLevelConfigurationSpec>
> = {
  exempt: { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  "catch-all": {
    type: "Limited",
    limited: {
      nominalConcurrencyShares: 5,
      lendablePercent: 0,
      limitResponse: { type: "Reject" },
    },
  },
};

/** The flow schemas that there always are, by name: without them no request could be classified. */
export const MANDATORY_FLOW_SCHEMAS: Readonly<Record<"exempt" | "catch-all", FlowSchemaSpec>> = {
  exempt: {
    matchingPrecedence: 1,
    priorityLevelConfiguration: { name: "exempt" },
    rules: [everythingOf("system:masters")],
  },
  "catch-all": {
    matchingPrecedence: 10000,
    priorityLevelConfiguration: { name: "catch-all" },
    distinguisherMethod: { type: "ByUser" },
    rules: [everythingOf("system:unauthenticated", "system:authenticated")],
  },
};

/** What is fixed of an object of that name; undefined for one that anybody may change. */
export function mandatoryOf<T>(all: Readonly<Record<string, T>>, name = ""): T | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
