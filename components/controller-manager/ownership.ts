import { hasReason } from "../base/mod.ts";
import type { KubeObject, LabelMatcher, OwnerReference, ResourceType } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";

/** The reference to the one owner that controls an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller === true);
}

/** A reference that makes `owner` control what carries it. */
export function controllerReference(owner: KubeObject, type: ResourceType<KubeObject>) {
  return { ...ownerReference(owner, type), controller: true, blockOwnerDeletion: true };
}

/** A plain reference to an owner. */
export function ownerReference(
  owner: KubeObject,
  type: ResourceType<KubeObject>,
): OwnerReference {
  return {
    apiVersion: type.group === "" ? type.version : `${type.group}/${type.version}`,
    kind: type.kind,
    name: owner.metadata?.name ?? "",
    uid: owner.metadata?.uid ?? "",
  };
}

export interface Claims<T> {
  /** Controlled by the owner and still selected. */
  readonly owned: readonly T[];
  /** Selected, and controlled by nobody. */
  readonly adopt: readonly T[];
  /** Controlled by the owner, whose selector has left them. */
  readonly release: readonly T[];
}

/** Sorts candidates by what the owner has to do about them. An owner that is going claims nothing new. */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelMatcher,
  candidates: Iterable<T>,
): Claims<T> {
  const owned: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const going = owner.metadata?.deletionTimestamp !== undefined;
  for (const object of candidates) {
    const controller = controllerOf(object);
    const selected = selector.matches(object.metadata?.labels);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata?.uid) continue;
      if (selected) owned.push(object);
      else if (!going) release.push(object);
    } else if (selected && !going && object.metadata?.deletionTimestamp === undefined) {
      adopt.push(object);
    }
  }
  return { owned, adopt, release };
}

/** Carries claims out and answers what the owner controls afterwards. */
export async function executeClaims<O extends KubeObject, T extends KubeObject>(
  client: Client,
  owner: O,
  ownerType: ResourceType<O>,
  type: ResourceType<T>,
  claims: Claims<T>,
): Promise<T[]> {
  const owned = [...claims.owned];
  for (const object of claims.release) {
    await patchOwners(client, type, object, [{ $patch: "delete", uid: owner.metadata?.uid }]);
  }
  if (claims.adopt.length === 0) return owned;
  // The cache may show an owner that is already going, or whose name now belongs to another: ask the server itself.
  const { name = "", namespace, uid } = owner.metadata ?? {};
  const fresh = await client.find(ownerType, name, namespace);
  if (fresh?.metadata?.uid !== uid || fresh?.metadata?.deletionTimestamp !== undefined) {
    return owned;
  }
  for (const object of claims.adopt) {
    const adopted = await patchOwners(client, type, object, [
      controllerReference(owner, ownerType),
    ]);
    if (adopted) owned.push(object);
  }
  return owned;
}

/** False where the object went away meanwhile, or somebody else has become its controller. */
async function patchOwners(
  client: Client,
  type: ResourceType<KubeObject>,
  object: KubeObject,
  ownerReferences: readonly unknown[],
): Promise<boolean> {
  const { name = "", namespace = "", uid } = object.metadata ?? {};
  try {
    await client.patch(type, name, { metadata: { uid, ownerReferences } }, {
      type: "strategic",
      namespace,
    });
    return true;
  } catch (error) {
    if (["NotFound", "Invalid", "Conflict"].some((reason) => hasReason(error, reason))) {
      return false;
    }
    throw error;
  }
}
