import {
  addAmounts,
  type Amounts,
  amountsAbove,
  amountsOf,
  compareQuantity,
  type KubeObject,
  listOf,
  maskAmounts,
  quotaEvaluator,
  type ResourceQuota,
  type ScopedResourceSelectorRequirement,
  scopesOf,
  showAmounts,
} from "../../../api/served.ts";
import type { AdmissionRequest } from "../../ports.ts";
import type { LimitedResource } from "./configuration.ts";

/** What quotas say to a write: how they stand after it, or why it may not be. */
export type QuotaOutcome =
  /** Quotas whose usage changes, with it in their status; empty where the write is no concern of theirs. */
  | { readonly changed: readonly ResourceQuota[] }
  | { readonly refused: string };

/** The part of a write that quotas look at. */
export interface QuotaQuestion {
  readonly operation: AdmissionRequest["operation"];
  readonly group: string;
  readonly plural: string;
  readonly subresource: string;
  readonly object: KubeObject;
  readonly oldObject: KubeObject | undefined;
}

/** Decides about a write by the quotas' own status. Pure; `now` is in milliseconds since the epoch. */
export function checkQuotas(
  question: QuotaQuestion,
  quotas: readonly ResourceQuota[],
  limited: readonly LimitedResource[],
  now: number,
): QuotaOutcome {
  const { object, oldObject, group, plural, operation } = question;
  const evaluator = quotaEvaluator(group, plural);
  const usage = evaluator.usage(object, now);
  const covered = new Set<string>();
  const coveredScopes = new Set<string>();
  const interested: ResourceQuota[] = [];
  for (const quota of quotas) {
    const scopes = scopesOf(quota);
    for (const scope of scopes) {
      if (evaluator.inScope(object, scope)) coveredScopes.add(scope.scopeName ?? "");
    }
    const tracked = Object.keys(quota.status?.hard ?? {}).filter((name) => evaluator.tracks(name));
    if (tracked.length === 0) continue;
    if (!scopes.every((scope) => evaluator.inScope(object, scope))) continue;
    const name = quota.metadata?.name ?? "";
    const lack = evaluator.lacks(object, tracked);
    if (lack !== undefined) return { refused: `failed quota: ${name}: ${lack}` };
    if (tracked.some((one) => quota.status?.used?.[one] === undefined)) {
      const names = tracked.sort().join(",");
      return { refused: `status unknown for quota: ${name}, resources: ${names}` };
    }
    interested.push(quota);
    for (const one of tracked) covered.add(one);
  }
  const negative = [...usage].filter(([, { nano }]) => nano < 0n).map(([name]) => name).sort();
  if (negative.length > 0) {
    return { refused: `quota usage is negative for resource(s): ${negative.join(",")}` };
  }

  const grown = operation === "UPDATE" && oldObject !== undefined
    ? amountsAbove(usage, evaluator.usage(oldObject, now))
    : usage;
  const charges = new Map(
    interested.map((quota): [ResourceQuota, Amounts] => {
      // An object that comes into a quota's scopes only now is charged whole.
      const wasIn = oldObject !== undefined &&
        scopesOf(quota).every((scope) => evaluator.inScope(oldObject, scope));
      return [quota, withoutZeros(wasIn ? grown : usage)];
    }),
  );
  const isCharged = interested.length === 0
    ? withoutZeros(grown).size > 0
    : [...charges.values()].some(({ size }) => size > 0);
  if (!isCharged) return { changed: [] };

  const uncovered = limitedNames(usage, limited, group, plural)
    .filter((name) => !covered.has(name));
  if (uncovered.length > 0) {
    return {
      refused: `insufficient quota to consume: ${[...new Set(uncovered)].sort().join(",")}`,
    };
  }
  const scopes = limited.flatMap(({ matchScopes }) => matchScopes)
    .filter((scope) => evaluator.inScope(object, scope))
    .filter(({ scopeName = "" }) => !coveredScopes.has(scopeName));
  if (scopes.length > 0) {
    return {
      refused: `insufficient quota to match these scopes: [${scopes.map(showScope).join(" ")}]`,
    };
  }
  return charge(charges, question.subresource !== "status");
}

function charge(charges: ReadonlyMap<ResourceQuota, Amounts>, enforced: boolean): QuotaOutcome {
  const changed: ResourceQuota[] = [];
  for (const [quota, amounts] of charges) {
    const hard = amountsOf(quota.status?.hard);
    const used = amountsOf(quota.status?.used);
    const requested = maskAmounts(amounts, hard);
    if (requested.size === 0) continue;
    const after = addAmounts(used, requested);
    const exceeded = new Set(
      [...requested.keys()].filter((name) =>
        compareQuantity(after.get(name)!, hard.get(name)!) > 0
      ),
    );
    if (enforced && exceeded.size > 0) {
      const show = (all: Amounts) => showAmounts(maskAmounts(all, exceeded));
      return {
        refused: `exceeded quota: ${quota.metadata?.name}, requested: ${show(requested)}, ` +
          `used: ${show(used)}, limited: ${show(hard)}`,
      };
    }
    changed.push({ ...quota, status: { ...quota.status, used: listOf(after) } });
  }
  return { changed };
}

const withoutZeros = (amounts: Amounts): Amounts =>
  new Map([...amounts].filter(([, { nano }]) => nano !== 0n));

/** What the configuration forbids to use without a quota for it. */
function limitedNames(
  usage: Amounts,
  limited: readonly LimitedResource[],
  group: string,
  plural: string,
): string[] {
  const parts = limited.filter((one) => one.apiGroup === group && one.resource === plural)
    .flatMap(({ matchContains }) => matchContains);
  return [...usage].filter(([name, { nano }]) =>
    nano > 0n && parts.some((part) => name.includes(part))
  ).map(([name]) => name);
}

const showScope = ({ scopeName, operator, values }: ScopedResourceSelectorRequirement): string =>
  `{${scopeName} ${operator} [${(values ?? []).join(" ")}]}`;
