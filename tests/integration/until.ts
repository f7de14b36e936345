import type { KubeObject, ResourceType } from "../../components/api/mod.ts";
import type { Client } from "../../components/client/mod.ts";

const TIMEOUT_MILLISECONDS = 15_000;

/** Follows a resource until its objects are as wanted; fails with what they were last. */
export async function until<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  namespace: string | undefined,
  what: string,
  wanted: (objects: T[]) => boolean,
): Promise<T[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
  const scope = namespace === undefined ? {} : { namespace };
  const objects = new Map<string, T>();
  const list = await client.list(type, scope);
  const keyOf = ({ metadata }: KubeObject) => `${metadata?.namespace}/${metadata?.name}`;
  for (const item of list.items) objects.set(keyOf(item), item);
  try {
    if (wanted([...objects.values()])) return [...objects.values()];
    const resourceVersion = list.metadata?.resourceVersion ?? "";
    for await (
      const { type: change, object } of await client.watch(type, {
        ...scope,
        resourceVersion,
        signal,
      })
    ) {
      if (change === "DELETED") objects.delete(keyOf(object as T));
      else if (change !== "BOOKMARK") objects.set(keyOf(object as T), object as T);
      if (wanted([...objects.values()])) return [...objects.values()];
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw new Error(`not in time: ${what}; last: ${JSON.stringify([...objects.values()])}`);
}
