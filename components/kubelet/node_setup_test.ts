import assert from "node:assert/strict";
import { FakeClock, seededRandom, silentLogger } from "../base/mod.ts";
import type { Pod } from "../api/mod.ts";
import { FakeApi } from "./fake_api.ts";
import { TEST_MACHINE, testPod } from "./fake_node.ts";
import { HollowRuntime } from "./hollow/hollow_runtime.ts";
import type { ContainerConfig } from "./runtime.ts";
import { type RunningKubelet, startKubelet } from "./start.ts";

/** A kubelet with files, on a runtime that only remembers what it is asked to create. */
class NodeWithFiles {
  readonly api = new FakeApi();
  readonly clock = new FakeClock();
  readonly configs: ContainerConfig[] = [];
  readonly runtime: HollowRuntime;
  readonly running: RunningKubelet;

  constructor(readonly directory: string, staticPods?: string) {
    const random = seededRandom(3);
    this.runtime = new HollowRuntime({ clock: this.clock, random, address: () => "10.1.0.9" });
    const create = this.runtime.createContainer.bind(this.runtime);
    this.runtime.createContainer = (sandboxId, config) => {
      this.configs.push(config);
      return create(sandboxId, config);
    };
    this.running = startKubelet({
      nodeName: "node-1",
      client: this.api.client,
      runtime: this.runtime,
      clock: this.clock,
      random,
      logger: silentLogger,
      machine: TEST_MACHINE,
      rootDirectory: directory,
      configuration: {
        clusterDNS: ["10.96.0.10"],
        ...(staticPods === undefined ? {} : { staticPodPath: staticPods }),
      },
      authorize: () => Promise.resolve(undefined),
    });
  }

  /** Waits in real time, as the file system answers in real time. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 100_000; turn++) {
      if (await condition()) return;
      await Deno.stat(this.directory);
      await this.clock.advance(0);
    }
    throw new Error(`not reached: ${what}`);
  }

  phase(name: string): string | undefined {
    return this.api.pod(name)?.status?.phase;
  }
}

async function withNode(
  use: (node: NodeWithFiles) => Promise<void>,
  staticPods?: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  if (staticPods !== undefined) {
    await Deno.mkdir(`${directory}/manifests`);
    await staticPods(`${directory}/manifests`);
  }
  const node = new NodeWithFiles(
    directory,
    staticPods === undefined ? undefined : `${directory}/manifests`,
  );
  try {
    await use(node);
  } finally {
    await node.running.end();
    await Deno.remove(directory, { recursive: true });
  }
}

const hostPathOf = (config: ContainerConfig | undefined, containerPath: string) =>
  config?.mounts.find((mount) => mount.containerPath === containerPath)?.hostPath ?? "";

const base64 = (text: string) => btoa(text);

Deno.test("NodeSetup gives a container its environment, files and mounts", async () => {
  await withNode(async (node) => {
    node.api.put("/api/v1/namespaces/default/services/web", {
      metadata: { name: "web", namespace: "default" },
      spec: { clusterIP: "10.96.0.7", ports: [{ port: 80, name: "http" }] },
    } as never);
    node.api.put("/api/v1/namespaces/default/configmaps/cm", {
      metadata: { name: "cm", namespace: "default" },
      data: { a: "1", b: "two" },
    } as never);
    node.api.put("/api/v1/namespaces/default/secrets/s", {
      metadata: { name: "s", namespace: "default" },
      data: { password: base64("geheim") },
    } as never);
    node.api.putPod(testPod("p", {
      serviceAccountName: "default",
      hostname: "host",
      subdomain: "sub",
      volumes: [
        { name: "cm", configMap: { name: "cm" } },
        { name: "s", secret: { secretName: "s", defaultMode: 0o400 } },
        { name: "e", emptyDir: {} },
        {
          name: "token",
          projected: {
            sources: [
              { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
              {
                downwardAPI: {
                  items: [{ path: "ns", fieldRef: { fieldPath: "metadata.namespace" } }],
                },
              },
            ],
          },
        },
      ],
      containers: [{
        name: "c",
        image: "x:1",
        args: ["$(GREETING)", "$$(GREETING)", "$(NOBODY)"],
        envFrom: [{ prefix: "CM_", configMapRef: { name: "cm" } }],
        env: [
          { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          { name: "GREETING", value: "hello $(IP) $(WEB_SERVICE_HOST)" },
          { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "s", key: "password" } } },
        ],
        volumeMounts: [
          { name: "cm", mountPath: "/etc/cm" },
          { name: "s", mountPath: "/etc/s", readOnly: true },
          { name: "e", mountPath: "/data", subPath: "deep/down" },
          { name: "token", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
        ],
      }],
    }));
    await node.until("running", () => node.phase("p") === "Running");
    const [config] = node.configs;
    const env = new Map(config?.env.map(({ name, value }) => [name, value]));
    assert.equal(env.get("CM_b"), "two");
    assert.equal(env.get("GREETING"), "hello 10.1.0.9 10.96.0.7");
    assert.equal(env.get("PASSWORD"), "geheim");
    assert.equal(env.get("WEB_PORT_80_TCP_ADDR"), "10.96.0.7");
    assert.deepEqual(config?.args, ["hello 10.1.0.9 10.96.0.7", "$(GREETING)", "$(NOBODY)"]);
    assert.equal(await Deno.readTextFile(`${hostPathOf(config, "/etc/cm")}/b`), "two");
    const secret = `${hostPathOf(config, "/etc/s")}/password`;
    assert.equal(await Deno.readTextFile(secret), "geheim");
    assert.equal((await Deno.stat(secret)).mode! & 0o777, 0o400);
    assert.ok((await Deno.stat(hostPathOf(config, "/data"))).isDirectory);
    const account = hostPathOf(config, "/var/run/secrets/kubernetes.io/serviceaccount");
    assert.equal(await Deno.readTextFile(`${account}/token`), "fake.token");
    assert.equal(await Deno.readTextFile(`${account}/ns`), "default");
    const hosts = await Deno.readTextFile(hostPathOf(config, "/etc/hosts"));
    assert.ok(hosts.includes("10.1.0.9\thost.sub.default.svc.cluster.local\thost\n"));
    const resolver = await Deno.readTextFile(hostPathOf(config, "/etc/resolv.conf"));
    assert.ok(resolver.includes("nameserver 10.96.0.10\n"));
    assert.ok(
      resolver.includes("search default.svc.cluster.local svc.cluster.local cluster.local"),
    );
    assert.ok(config?.logPath.endsWith("/c/0.log"));
    const readOnly = Object.fromEntries(
      config?.mounts.map(({ containerPath, readOnly }) => [containerPath, readOnly]) ?? [],
    );
    assert.equal(readOnly["/etc/cm"], true, "nobody writes into a ConfigMap");
    assert.equal(readOnly["/var/run/secrets/kubernetes.io/serviceaccount"], true);
    assert.equal(readOnly["/data"], false);
  });
});

Deno.test("NodeSetup updates files when their ConfigMap changes, and starts when it appears", async () => {
  await withNode(async (node) => {
    const put = (value: string) =>
      node.api.put("/api/v1/namespaces/default/configmaps/cm", {
        metadata: { name: "cm", namespace: "default" },
        data: { key: value },
      } as never);
    node.api.putPod(testPod("p", {
      volumes: [{ name: "v", configMap: { name: "cm" } }],
      containers: [{
        name: "c",
        image: "x:1",
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      }],
    }));
    const told = () =>
      node.api.events().some(({ reason, message }) =>
        reason === "FailedMount" &&
        message === 'MountVolume.SetUp failed for volume "v" : configmap "cm" not found'
      );
    await node.until("FailedMount", told);
    assert.equal(node.phase("p"), "Pending");
    put("one");
    await node.until("running", () => node.phase("p") === "Running");
    const path = `${hostPathOf(node.configs[0], "/v")}/key`;
    assert.equal(await Deno.readTextFile(path), "one");
    put("two");
    await node.until("updated", async () => await Deno.readTextFile(path) === "two");
  });
});

Deno.test("NodeSetup starts no pod without the devices that it claims", async () => {
  await withNode(async (node) => {
    node.api.putPod(testPod("p", {
      resourceClaims: [{ name: "gpu", resourceClaimName: "mine" }],
      containers: [{ name: "c", image: "x:1", resources: { claims: [{ name: "gpu" }] } }],
    }));
    await node.until(
      "told",
      () =>
        node.api.events().some(({ reason, message }) =>
          reason === "FailedPrepareDynamicResources" &&
          message ===
            "Failed to prepare dynamic resources: no DRA driver is registered on this node"
        ),
    );
    assert.equal(node.phase("p"), "Pending");
    assert.deepEqual(node.configs, []);
  });
});

Deno.test("NodeSetup refuses a subPath that a link leads out of its volume", async () => {
  await withNode(async (node) => {
    const outside = `${node.directory}/outside`;
    await Deno.mkdir(`${node.directory}/volume`);
    await Deno.mkdir(outside);
    await Deno.symlink(outside, `${node.directory}/volume/link`);
    node.api.putPod(testPod("p", {
      volumes: [{ name: "v", hostPath: { path: `${node.directory}/volume` } }],
      containers: [{
        name: "c",
        image: "x:1",
        volumeMounts: [{ name: "v", mountPath: "/v", subPath: "link/x" }],
      }],
    }));
    const waiting = () => node.api.pod("p")?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
    await node.until("refused", () => waiting() === "CreateContainerConfigError");
    assert.equal((await Array.fromAsync(Deno.readDir(outside))).length, 0);
  });
});

Deno.test("NodeSetup reads termination messages and removes a pod's files with the pod", async () => {
  await withNode(async (node) => {
    node.api.putPod(testPod("p", {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "x:exit-1-after-1s" }],
    }));
    await node.until("running", () => node.phase("p") === "Running");
    await Deno.writeTextFile(hostPathOf(node.configs[0], "/dev/termination-log"), "it broke");
    await node.clock.advance(1000);
    await node.until("failed", () => node.phase("p") === "Failed");
    const ended = node.api.pod("p")?.status?.containerStatuses?.[0]?.state?.terminated;
    assert.equal(ended?.message, "it broke");
    assert.equal(ended?.reason, "Error");
    const uid = node.api.pod("p")?.metadata?.uid;
    node.api.deletePod("p", 0);
    await node.until("gone", () => node.api.pod("p") === undefined);
    await node.until(
      "no files",
      async () => await Deno.stat(`${node.directory}/pods/${uid}`).then(() => false, () => true),
    );
  });
});

Deno.test("Kubelet runs static pods, mirrors them, and ends them with their manifest", async () => {
  const manifest: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "static", namespace: "kube-system" },
    spec: { containers: [{ name: "c", image: "x:1" }] },
  };
  await withNode(async (node) => {
    const mirror = () => node.api.pod("static-node-1", "kube-system");
    await node.until("mirror running", () => mirror()?.status?.phase === "Running");
    assert.equal(mirror()?.metadata?.annotations?.["kubernetes.io/config.source"], "file");
    node.api.remove("/api/v1/namespaces/kube-system/pods/static-node-1");
    await node.until("mirror again", () => mirror()?.status?.phase === "Running");
    assert.equal(node.configs.length, 1, "deleting the mirror restarts nothing");
    await Deno.remove(`${node.directory}/manifests/pod.yaml`);
    await node.until("ended", () => node.running.kubelet.context.cache.uids().length === 0);
    await node.until("mirror gone", () => mirror() === undefined);
  }, async (directory) => {
    await Deno.writeTextFile(`${directory}/pod.yaml`, JSON.stringify(manifest));
  });
});
