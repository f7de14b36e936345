import type { EtcdClient } from "./etcd_client.ts";
import { EtcdError } from "./etcd_error.ts";
import { oneKey } from "./etcd_keys.ts";

/** The first revision that can still be read; 0 where nothing was ever compacted. etcd does not tell: it is tried. */
export async function firstReadable(
  client: EtcdClient,
  key: Uint8Array,
  current: number,
): Promise<number> {
  const readable = async (revision: number): Promise<boolean> => {
    try {
      await client.range({ ...oneKey(key), limit: 1, revision });
      return true;
    } catch (error) {
      if (error instanceof EtcdError && error.compacted) return false;
      throw error;
    }
  };
  let low = 1;
  let high = current;
  if (await readable(low)) return 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await readable(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
