/** A whole cluster on etcd: controllers, scheduler and nodes notice no difference. */
import assert from "node:assert/strict";
import { sleep, systemClock } from "../../components/base/mod.ts";
import { DEPLOYMENTS, NAMESPACES, type Pod, PODS, SERVICES } from "../../components/api/mod.ts";
import { Cluster } from "../../components/cluster/mod.ts";
import { etcdIsThere, EtcdMembers } from "../etcd_members.ts";

const REPLICAS = 6;

if (etcdIsThere) {
  Deno.test("Cluster on etcd runs a deployment, replaces a pod, ends a namespace", async () => {
    const etcd = await EtcdMembers.start();
    try {
      await using cluster = await Cluster.start({ nodes: 2, etcd: { servers: etcd.endpoints } });
      const { client } = cluster;
      const namespace = "work";
      const running = async (condition: (pods: Pod[]) => boolean) => {
        for (;;) {
          const { items } = await client.list(PODS, { namespace });
          if (condition(items)) return items;
          await sleep(systemClock, 20);
        }
      };
      const areRunning = (pods: Pod[]) =>
        pods.filter(({ status, metadata }) =>
          status?.phase === "Running" && metadata?.deletionTimestamp === undefined
        ).length === REPLICAS;
      await client.create(NAMESPACES, {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace },
      });
      await client.create(SERVICES, {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace },
        spec: { selector: { app: "web" }, ports: [{ port: 80 }], type: "NodePort" },
      });
      await client.create(DEPLOYMENTS, {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace },
        spec: {
          replicas: REPLICAS,
          selector: { matchLabels: { app: "web" } },
          template: {
            metadata: { labels: { app: "web" } },
            spec: { containers: [{ name: "c", image: "i" }] },
          },
        },
      });
      const pods = await running(areRunning);
      const gone = pods[0]?.metadata;
      await client.delete(PODS, gone?.name ?? "", { namespace });
      await running((now) =>
        areRunning(now) && now.every(({ metadata }) => metadata?.uid !== gone?.uid)
      );
      await client.delete(NAMESPACES, namespace, {});
      await running((now) => now.length === 0);
      for (;;) {
        const { items } = await client.list(NAMESPACES, {});
        if (!items.some(({ metadata }) => metadata?.name === namespace)) break;
        await sleep(systemClock, 20);
      }
      assert.deepEqual((await client.list(SERVICES, { namespace })).items, []);
    } finally {
      await etcd.end();
    }
  });

  Deno.test("Another cluster does not start on an etcd that holds one", async () => {
    const etcd = await EtcdMembers.start();
    try {
      {
        await using _first = await Cluster.start({ nodes: 0, etcd: { servers: etcd.endpoints } });
        await assert.rejects(Cluster.start({ nodes: 0, etcd: { servers: etcd.endpoints } }), {
          name: "StartError",
          message: /^this etcd holds the state of another cluster .*--etcd-prefix takes another/,
        });
      }
      const elsewhere = { servers: etcd.endpoints, prefix: "/other" };
      await using _second = await Cluster.start({ nodes: 0, etcd: elsewhere });
    } finally {
      await etcd.end();
    }
  });
}
