import { dnsLabelProblems, dnsSubdomainProblems } from "../../names.ts";
import {
  AUTHORIZER,
  AuthorizerValue,
  type CelAuthorizationCheck,
  CelPending,
  DECISION,
  DecisionValue,
  GROUP_CHECK,
  GroupCheck,
  PATH_CHECK,
  PathCheck,
  RESOURCE_CHECK,
  ResourceCheck,
} from "../authorizer.ts";
import { methods, type Overload, type Range, type Sized } from "../overload.ts";
import { fixed, plus, scale } from "../range.ts";
import { LIST_COST, STRUCT_COST, TRAVERSAL } from "../cost_unit.ts";
import { BOOL, STRING } from "../type.ts";
import { CelFailure, type CelValue, costSize } from "../value.ts";

/** Few enough fit into one evaluation. */
const CHECK_COST = 350_000;

const checkCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: () => CHECK_COST,
  estimate: () => ({ cost: fixed(CHECK_COST) }),
};

/** A selector is read, and makes a requirement of every second character at worst. */
function selectorCost(length: Range): Range {
  const requirements = scale(scale(length, 0.5), LIST_COST + STRUCT_COST);
  return plus(plus(fixed(LIST_COST), scale(length, TRAVERSAL)), requirements);
}

const selectorCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: ([, selector]) => selectorCost(fixed(costSize(selector ?? null))).max,
  estimate: ([, selector]) => ({ cost: selectorCost((selector as Sized).size) }),
};

function decide(
  asking: AuthorizerValue["asking"],
  target: CelAuthorizationCheck["target"],
  verb: string,
): CelValue {
  const check = { serviceAccount: asking.serviceAccount, verb, target };
  const decision = asking.authorizer.decide(check);
  // No operator may go on without it.
  if (decision === undefined) throw new CelPending(check);
  return new DecisionValue(decision);
}

function ofServiceAccount({ asking }: AuthorizerValue, namespace: string, name: string): CelValue {
  if (dnsSubdomainProblems(name).length > 0) return new CelFailure("Invalid service account name");
  if (dnsLabelProblems(namespace).length > 0) {
    return new CelFailure("Invalid service account namespace");
  }
  return new AuthorizerValue({ ...asking, serviceAccount: { namespace, name } });
}

function ofPath({ asking }: AuthorizerValue, path: string): CelValue {
  if (path.trim() === "") return new CelFailure("path must not be empty");
  return new PathCheck(asking, path);
}

function ofResource({ asking, group }: GroupCheck, resource: string): CelValue {
  if (resource.trim() === "") return new CelFailure("resource must not be empty");
  return new ResourceCheck(asking, {
    group,
    resource,
    subresource: "",
    namespace: "",
    name: "",
    fieldSelector: "",
    labelSelector: "",
  });
}

function narrowing(
  name: "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector",
  id: string,
): Overload[] {
  const costs = name.endsWith("Selector") ? selectorCosts : undefined;
  return methods(name, [
    [
      id,
      [RESOURCE_CHECK, STRING],
      RESOURCE_CHECK,
      (check: ResourceCheck, value: string) => check.with({ [name]: value }),
    ],
  ], costs);
}

/** Asks the authorizer: `authorizer.group('apps').resource('deployments').check('create').allowed()`. */
export const authorizer: readonly Overload[] = [
  ...methods("path", [["authorizer_path", [AUTHORIZER, STRING], PATH_CHECK, ofPath]]),
  ...methods("group", [
    ["authorizer_group", [AUTHORIZER, STRING], GROUP_CHECK, (
      { asking }: AuthorizerValue,
      group: string,
    ) => new GroupCheck(asking, group)],
  ]),
  ...methods("serviceAccount", [
    ["authorizer_serviceaccount", [AUTHORIZER, STRING, STRING], AUTHORIZER, ofServiceAccount],
  ]),
  ...methods("resource", [[
    "groupcheck_resource",
    [GROUP_CHECK, STRING],
    RESOURCE_CHECK,
    ofResource,
  ]]),
  ...narrowing("subresource", "resourcecheck_subresource"),
  ...narrowing("namespace", "resourcecheck_namespace"),
  ...narrowing("name", "resourcecheck_name"),
  ...narrowing("fieldSelector", "authorizer_fieldselector"),
  ...narrowing("labelSelector", "authorizer_labelselector"),
  ...methods("check", [
    ["pathcheck_check", [PATH_CHECK, STRING], DECISION, (
      { asking, path }: PathCheck,
      verb: string,
    ) => decide(asking, { path }, verb)],
    ["resourcecheck_check", [RESOURCE_CHECK, STRING], DECISION, (
      { asking, target }: ResourceCheck,
      verb: string,
    ) => decide(asking, target, verb)],
  ], checkCosts),
  ...methods("errored", [
    ["decision_errored", [DECISION], BOOL, ({ decision }: DecisionValue) => decision.error !== ""],
  ]),
  ...methods("error", [
    ["decision_error", [DECISION], STRING, ({ decision }: DecisionValue) => decision.error],
  ]),
  ...methods("allowed", [
    ["decision_allowed", [DECISION], BOOL, ({ decision }: DecisionValue) => decision.allowed],
  ]),
  ...methods("reason", [
    ["decision_reason", [DECISION], STRING, ({ decision }: DecisionValue) => decision.reason],
  ]),
];
