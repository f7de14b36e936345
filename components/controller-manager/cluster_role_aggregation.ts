import { equalJson } from "../base/mod.ts";
import { CLUSTER_ROLES, type ClusterRole, labelSelectorMatcher } from "../api/mod.ts";
import { type Controller, runLoop } from "./controller.ts";

type Rules = NonNullable<ClusterRole["rules"]>;

/** The rules of all roles that an aggregated role selects, in the order of their names; undefined where they stand. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): Rules | undefined {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (selectors === undefined) return undefined;
  const matchers = selectors.map(labelSelectorMatcher);
  const chosen = all.filter((other) =>
    other.metadata?.name !== role.metadata?.name &&
    matchers.some((matcher) => matcher.matches(other.metadata?.labels))
  ).sort((a, b) => (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1);
  const rules: Rules = [];
  const seen = new Set<string>();
  for (const rule of chosen.flatMap((other) => other.rules ?? [])) {
    const key = JSON.stringify(rule);
    if (seen.has(key)) continue;
    seen.add(key);
    rules.push(rule);
  }
  return equalJson(role.rules ?? [], rules) ? undefined : rules;
}

/** Fills roles such as `admin` with the rules of those that their labels collect. */
export const clusterRoleAggregationController: Controller = {
  name: "clusterrole-aggregation-controller",
  aliases: ["clusterrole-aggregation"],
  start(context) {
    const roles = context.informers.of(CLUSTER_ROLES);
    const loop = runLoop(context, {
      name: "clusterrole-aggregation",
      needs: [roles],
      reconcile: async (name) => {
        const role = roles.get(name);
        const rules = role === undefined ? undefined : aggregatedRules(role, roles.list());
        if (rules === undefined) return;
        await context.client.patch(CLUSTER_ROLES, name, {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "ClusterRole",
          metadata: { name },
          rules,
        }, { type: "apply", fieldManager: "clusterrole-aggregation-controller", force: true });
      },
    });
    roles.onChange(() => {
      for (const role of roles.list()) {
        if (role.aggregationRule !== undefined) loop.queue.add(role.metadata?.name ?? "");
      }
    });
    return loop;
  },
};
