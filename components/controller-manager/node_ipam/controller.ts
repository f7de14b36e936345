import { type Node, NODES } from "../../api/mod.ts";
import { type Controller, recorderOf, runLoop } from "../controller.ts";
import { CidrPool } from "./cidr_pool.ts";

const cidrsOf = (node: Node): readonly string[] => node.spec?.podCIDRs ?? [];

/** Gives each node its own range of pod addresses, one a family, out of the cluster's. */
export const nodeIpamController: Controller = {
  name: "node-ipam-controller",
  aliases: ["nodeipam"],
  start(context) {
    const { clusterCidrs = [], serviceCidrs = [] } = context.options;
    if (clusterCidrs.length === 0) return undefined;
    const nodes = context.informers.of(NODES);
    const events = recorderOf(context, "cidrAllocator");
    const pools = clusterCidrs.map((cidr) => new CidrPool(cidr, serviceCidrs));
    const held = new Map<string, readonly string[]>();
    const hold = (name: string, cidrs: readonly string[]) => {
      held.set(name, cidrs);
      for (const cidr of cidrs) for (const pool of pools) pool.occupy(cidr);
    };
    const release = (name: string) => {
      for (const cidr of held.get(name) ?? []) for (const pool of pools) pool.release(cidr);
      held.delete(name);
    };
    const loop = runLoop(context, {
      name: "node-ipam",
      needs: [nodes],
      // One at a time: the pools are decided in memory.
      workers: 1,
      reconcile: async (name): Promise<number | void> => {
        const node = nodes.get(name);
        if (node === undefined || cidrsOf(node).length > 0) return;
        let cidrs = held.get(name);
        if (cidrs === undefined) {
          const parts = pools.map((pool) => pool.allocate());
          cidrs = parts.filter((part) => part !== undefined);
          held.set(name, cidrs);
          if (cidrs.length < parts.length) {
            release(name);
            events.normal(node, "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`);
            return 30_000;
          }
        }
        const { uid } = node.metadata ?? {};
        const patch = { metadata: { uid }, spec: { podCIDR: cidrs[0], podCIDRs: cidrs } };
        await context.client.patch(NODES, name, patch, { type: "merge" });
      },
    });
    nodes.onChange(({ key, current, previous }) => {
      if (current === undefined) return release(key);
      const uid = current.metadata?.uid;
      if (previous !== undefined && previous.metadata?.uid !== uid) release(key);
      if (cidrsOf(current).length > 0) {
        if (cidrsOf(previous ?? {}).length === 0) hold(key, cidrsOf(current));
      } else loop.queue.add(key);
    });
    return loop;
  },
};
