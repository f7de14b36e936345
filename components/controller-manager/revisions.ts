import { cloneJson, equalJson, hasReason } from "../base/mod.ts";
import {
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  type KubeObject,
  type PodTemplateSpec,
  type ResourceType,
} from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { templateHash } from "./deployment/template_hash.ts";
import { controllerReference } from "./ownership.ts";

/** Label of a revision: the hash in its name. */
export const REVISION_HASH = "controller.kubernetes.io/hash";
/** Label of a pod: which revision it was made from. */
export const POD_REVISION = "controller-revision-hash";

type Owner = KubeObject & {
  spec?: { template?: PodTemplateSpec; revisionHistoryLimit?: number };
  status?: { collisionCount?: number };
};

/** What a revision keeps: a strategic patch that puts the template back. */
const dataOf = (owner: Owner) => ({
  spec: { template: { ...owner.spec?.template, $patch: "replace" } },
});

/** The template that a revision keeps. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const data = revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _, ...template } = data?.spec?.template ?? {};
  return template;
}

/** Oldest first. */
export const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  (a.revision ?? 0) - (b.revision ?? 0) ||
  ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1);

export type RevisionPlan =
  | { readonly kind: "stands"; readonly revision: ControllerRevision }
  /** The template is one of old: its revision becomes the newest. */
  | { readonly kind: "renumber" | "create"; readonly revision: ControllerRevision };

/** The revision of an owner's template, among those it has. */
export function planRevision(
  owner: Owner,
  type: ResourceType<KubeObject>,
  labels: Readonly<Record<string, string>> | undefined,
  existing: readonly ControllerRevision[],
): RevisionPlan {
  const sorted = [...existing].sort(byRevision);
  const data = dataOf(owner);
  const latest = sorted.at(-1);
  const next = (latest?.revision ?? 0) + 1;
  const equal = sorted.findLast((revision) => equalJson(revision.data, data));
  if (equal !== undefined) {
    return equal === latest
      ? { kind: "stands", revision: equal }
      : { kind: "renumber", revision: { ...equal, revision: next } };
  }
  const hash = templateHash(owner.spec?.template, owner.status?.collisionCount ?? 0);
  return {
    kind: "create",
    revision: {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: `${owner.metadata?.name ?? ""}-${hash}`,
        namespace: owner.metadata?.namespace ?? "",
        labels: { ...labels, [REVISION_HASH]: hash },
        ownerReferences: [controllerReference(owner, type)],
      },
      data: cloneJson(data) as unknown as NonNullable<ControllerRevision["data"]>,
      revision: next,
    },
  };
}

/** Writes the plan. Undefined where the name belongs to another template: the owner has to count a collision. */
export async function executeRevision(
  client: Client,
  plan: RevisionPlan,
): Promise<ControllerRevision | undefined> {
  if (plan.kind === "stands") return plan.revision;
  if (plan.kind === "renumber") return await client.update(CONTROLLER_REVISIONS, plan.revision);
  try {
    return await client.create<ControllerRevision>(CONTROLLER_REVISIONS, plan.revision);
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
    const { name = "", namespace } = plan.revision.metadata ?? {};
    const found = await client.find(CONTROLLER_REVISIONS, name, namespace);
    return found !== undefined && equalJson(found.data, plan.revision.data) ? found : undefined;
  }
}

/** Revisions beyond the history that is kept and that nothing uses. */
export function staleRevisions(
  owner: Owner,
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
): ControllerRevision[] {
  const unused = revisions.filter((one) => !live.has(one.metadata?.name ?? "")).sort(byRevision);
  const limit = owner.spec?.revisionHistoryLimit ?? 10;
  return unused.slice(0, Math.max(0, unused.length - limit));
}
