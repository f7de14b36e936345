import type { EtcdStoreOptions } from "./etcd/etcd_store.ts";
import type { Store } from "./store.ts";

export type { EtcdStoreOptions } from "./etcd/etcd_store.ts";
export type { EtcdTls } from "./etcd/endpoint.ts";

/**
 * Opens the store in etcd. What speaks with etcd is loaded here, and only here. Rejects with `StoreFailedError` when no
 * member can be reached, or etcd refuses.
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { EtcdStore } = await import("./etcd/etcd_store.ts");
  return await EtcdStore.open(options);
}
