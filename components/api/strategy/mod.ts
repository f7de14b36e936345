/** The rules of writing each built-in kind. */
import { readResourceTable } from "../kinds/resource_table.ts";
import { dnsSubdomainProblems } from "../names.ts";
import type { GroupVersionKind, Strategy } from "../resource_definition.ts";
import { schemaOfKind } from "../schema/lookup.ts";
import { KIND_RULES } from "./kinds.ts";
import { POD_RULES, SUBRESOURCE_STRATEGIES, type SubresourceStrategy } from "./pods.ts";
import { type KindRules, strategyOf } from "./rules.ts";
import { SERVICE_RULES } from "./services.ts";
import { STORAGE_RULES } from "./storage.ts";
import { WORKLOAD_RULES } from "./workloads.ts";

export { customResourceStrategy } from "./custom_resource.ts";
export type { SubresourceStrategy };

const ALL: Readonly<Record<string, KindRules>> = {
  ...KIND_RULES,
  ...WORKLOAD_RULES,
  ...STORAGE_RULES,
  "/Pod": POD_RULES,
  "/Service": SERVICE_RULES,
};

interface Placement {
  readonly namespaced: boolean;
  readonly hasStatus: boolean;
}

let placements: Map<string, Placement> | undefined;

/** Where kinds live and whether they have a status of its own door, by `group/Kind`. */
function placementOf(kind: GroupVersionKind): Placement {
  placements ??= new Map(
    readResourceTable().map(({ group, kind, namespaced, subresources }) => [
      `${group}/${kind}`,
      { namespaced, hasStatus: subresources.some(({ name }) => name === "status") },
    ]),
  );
  return placements.get(`${kind.group}/${kind.kind}`) ?? { namespaced: true, hasStatus: false };
}

/** The strategy of a built-in kind. */
export function strategyFor(kind: GroupVersionKind): Strategy {
  const name = `${kind.group}/${kind.kind}`;
  const versioned = `${kind.group}/${kind.version}/${kind.kind}`;
  return strategyOf(ALL[versioned] ?? ALL[name] ?? {}, {
    ...placementOf(kind),
    names: dnsSubdomainProblems,
    schema: () => schemaOfKind(kind),
  });
}

/**
 * The rules of a subresource that has its own (`pods/ephemeralcontainers`, `pods/resize`, `namespaces/finalize`);
 * undefined for all others, `status` included, which is the kind's strategy's.
 */
export function subresourceStrategyFor(
  { group, kind }: GroupVersionKind,
  subresource: string,
): SubresourceStrategy | undefined {
  return SUBRESOURCE_STRATEGIES[`${group}/${kind}/${subresource}`];
}
