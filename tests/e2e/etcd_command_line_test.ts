/** `coracle` with its state in an etcd that asks for certificates: a whole cluster, and API servers that share it. */
import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../components/base/mod.ts";
import { CONFIG_MAPS, type ConfigMap, ENDPOINTS, PODS } from "../../components/api/mod.ts";
import { connect, readKubeconfig } from "../../components/cluster/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { etcdIsThere, EtcdMembers } from "../etcd_members.ts";
import { freePort } from "../free_port.ts";
import { until } from "./cluster_fixture.ts";

const root = new URL("../../", import.meta.url).pathname;

function command(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", "--config", `${root}deno.json`, `${root}mod.ts`]
      .concat(args),
    env: { NO_COLOR: "1", KUBECONFIG: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function coracle(...args: string[]) {
  const { code, stdout, stderr } = await command(...args).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

interface Place {
  readonly directory: string;
  readonly etcd: EtcdMembers;
  /** How etcd is spoken with, as flags. */
  readonly flags: readonly string[];
}

async function withEtcd(run: (place: Place) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "coracle-etcd-test-" });
  const at = `${directory}/etcd-pki`;
  const pki = await openPki(at, { clock: systemClock, random: systemRandom });
  await pki.serving("server", { commonName: "etcd", hosts: ["127.0.0.1"] });
  await pki.client("client", { commonName: "coracle", organizations: [] });
  const etcd = await EtcdMembers.start({
    tls: { authority: `${at}/ca.crt`, certificate: `${at}/server.crt`, key: `${at}/server.key` },
  });
  const flags = [
    `--etcd-cafile=${at}/ca.crt`,
    `--etcd-certfile=${at}/client.crt`,
    `--etcd-keyfile=${at}/client.key`,
  ];
  try {
    await run({ directory, etcd, flags });
  } finally {
    await etcd.end();
    await Deno.remove(directory, { recursive: true });
  }
}

async function clientOf(kubeconfig: string) {
  const connection = connect(await readKubeconfig(kubeconfig), "test");
  return { client: connection.client, [Symbol.dispose]: () => connection.close() };
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});

if (etcdIsThere) {
  Deno.test("up keeps its state in etcd, under a prefix of its own", () =>
    withEtcd(async ({ directory, etcd, flags }) => {
      const data = `${directory}/data`;
      const kubeconfig = `${data}/admin.kubeconfig`;
      const store = `--store=etcd=${etcd.endpoints.join(",")}`;
      const up = (...more: string[]) =>
        coracle("up", "--detach", "--runtime=hollow", `--data-dir=${data}`, ...more);
      const listen = `--listen=127.0.0.1:${freePort()}`;
      const arguments_ = [store, ...flags, "--etcd-prefix=elsewhere", listen];
      const own = ["--kubeconfig", `${directory}/kubeconfig`];
      try {
        const started = await up(...arguments_, ...own);
        assert.match(started.out, /^Cluster ready in/, started.err);
        {
          using access = await clientOf(kubeconfig);
          await access.client.create(CONFIG_MAPS, configMap("kept"));
          await access.client.create(PODS, {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: "p", namespace: "default" },
            spec: { containers: [{ name: "c", image: "i" }] },
          });
          await until("the pod runs", async () => {
            const pod = await access.client.get(PODS, "p", "default");
            return pod.status?.phase === "Running" ? pod : undefined;
          });
        }
        assert.equal((await coracle("stop", `--data-dir=${data}`)).code, 0);
        const forgotten = await up(listen, ...own);
        assert.match(forgotten.err, /the state of this cluster lies in etcd/);
        assert.equal((await up(...arguments_, ...own)).code, 0);
        using access = await clientOf(kubeconfig);
        assert.equal(
          (await access.client.get(CONFIG_MAPS, "kept", "default")).metadata?.name,
          "kept",
        );
        await assert.rejects(Deno.stat(`${data}/store/store.kv`), Deno.errors.NotFound);
      } finally {
        await coracle("stop", `--data-dir=${data}`);
      }
    }));

  Deno.test("API servers share an etcd; one that is killed leaves the others and no endpoint", () =>
    withEtcd(async ({ directory, etcd, flags }) => {
      const servers = ["192.0.2.1", "192.0.2.2"].map((address, i) => {
        const data = `${directory}/server-${i}`;
        const child = command(
          "apiserver",
          `--data-dir=${data}`,
          `--listen=127.0.0.1:${freePort()}`,
          `--advertise-address=${address}`,
          `--pki-dir=${directory}/pki`,
          `--etcd-servers=${etcd.endpoints.join(",")}`,
          ...flags,
        ).spawn();
        return { data, child, output: new Response(child.stderr).text() };
      });
      const [one, two] = servers as [typeof servers[0], typeof servers[0]];
      try {
        for (const { data } of servers) {
          await until("a server is ready", async () => {
            using access = await clientOf(`${data}/admin.kubeconfig`);
            return await access.client.get(ENDPOINTS, "kubernetes", "default");
          });
        }
        using first = await clientOf(`${one.data}/admin.kubeconfig`);
        using second = await clientOf(`${two.data}/admin.kubeconfig`);
        await first.client.create(CONFIG_MAPS, configMap("shared"));
        assert.ok(await second.client.get(CONFIG_MAPS, "shared", "default"));
        const addresses = async () => {
          const { subsets } = await second.client.get(ENDPOINTS, "kubernetes", "default");
          return subsets?.[0]?.addresses?.map(({ ip }) => ip).join(" ");
        };
        const both = async () => await addresses() === "192.0.2.1 192.0.2.2" || undefined;
        await until("both are endpoints", both);
        one.child.kill("SIGKILL");
        await second.client.create(CONFIG_MAPS, configMap("after"));
        const alone = async () => await addresses() === "192.0.2.2" || undefined;
        await until("the killed one is no endpoint any more", alone, 40);
      } finally {
        for (const { child } of servers) {
          try {
            child.kill("SIGTERM");
          } catch {
            // It has ended.
          }
          await child.status;
          await child.stdout.cancel();
        }
      }
      await Promise.all(servers.map(({ output }) => output));
    }));

  Deno.test("what cannot be reached or understood is said in one line", async (t) => {
    const directory = await Deno.makeTempDir({ prefix: "coracle-etcd-test-" });
    const up = ["up", "--runtime=hollow"];
    const cases: [string, string[], RegExp][] = [
      [
        "no etcd",
        [...up, "--store=etcd=http://127.0.0.1:1"],
        /etcd: no member of etcd can be reached: 127\.0\.0\.1:1: .*refused/i,
      ],
      ["no URL", [...up, "--store=etcd=here"], /for "--store" flag: must be http:/],
      ["another store", [...up, "--store=sql"], /must be kv or etcd=URL/],
      ["flags without etcd", [...up, "--etcd-prefix=/a"], /--etcd-prefix needs --store etcd=/],
      [
        "half a pair",
        [...up, "--store=etcd=http://127.0.0.1:1", "--etcd-certfile=x"],
        /--etcd-certfile and --etcd-keyfile go together/,
      ],
      [
        "no duration",
        [...up, "--store=etcd=http://127.0.0.1:1", "--etcd-compaction-interval=soon"],
        /must be a duration such as 5m0s/,
      ],
      [
        "no file",
        [...up, "--store=etcd=https://127.0.0.1:1", "--etcd-cafile=/nowhere/ca.crt"],
        /cannot read \/nowhere\/ca\.crt/,
      ],
    ];
    try {
      await Promise.all(cases.map(([name, args, message]) =>
        t.step({
          name,
          sanitizeOps: false,
          sanitizeResources: false,
          sanitizeExit: false,
          fn: async () => {
            const data = `--data-dir=${directory}/${name.replaceAll(" ", "-")}`;
            const { code, err } = await coracle(...args, data);
            assert.notEqual(code, 0);
            assert.match(err, message);
            assert.doesNotMatch(err, /\n\s+at /);
          },
        })
      ));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
