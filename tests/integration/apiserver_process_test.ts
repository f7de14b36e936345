/** `coracle apiserver` with its files, as a process: killed, started again with another key, ended in good order. */
import assert from "node:assert/strict";
import { SECRETS } from "../../components/api/mod.ts";
import { connect, type Connection } from "../../components/cluster/connection.ts";
import { readKubeconfig } from "../../components/cluster/mod.ts";
import { freePort } from "../free_port.ts";

const root = new URL("../../", import.meta.url).pathname;
const WORD = "a-very-secret-word";
const TRIES_MAXIMUM = 600;

const key = (name: string) => `{name: ${name}, secret: ${btoa(name.padEnd(32, "x"))}}`;
const encryption = (...providers: string[]) => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: [secrets], providers: [${providers.join(", ")}]}]
`;
const POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, resources: [{resources: [secrets]}], omitStages: [RequestReceived]}]
`;

class Process {
  constructor(
    readonly child: Deno.ChildProcess,
    readonly connection: Connection,
  ) {}

  static async start(home: string, port: number): Promise<Process> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-check",
        "--config",
        `${root}deno.json`,
        `${root}mod.ts`,
        "apiserver",
        `--data-dir=${home}/data`,
        "--advertise-address=10.213.0.1",
        `--listen=127.0.0.1:${port}`,
        `--audit-policy-file=${home}/policy.yaml`,
        `--audit-log-path=${home}/audit.log`,
        `--encryption-provider-config=${home}/encryption.yaml`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const access = await until(() => readKubeconfig(`${home}/data/admin.kubeconfig`));
    const connection = connect(access, "test");
    await until(async () => {
      const response = await connection.fetch(new Request(`${access.server}/readyz`));
      assert.equal(await response.text(), "ok");
    });
    return new Process(child, connection);
  }

  async end(signal: Deno.Signal): Promise<number> {
    this.child.kill(signal);
    const { code } = await this.child.status;
    this.connection.close();
    return code;
  }

  async get(path: string): Promise<Response> {
    return await this.connection.fetch(new Request(this.connection.server + path));
  }
}

/** Tries until it goes well. */
async function until<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === TRIES_MAXIMUM) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function holds(directory: string, text: string): Promise<boolean> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory && await holds(path, text)) return true;
    if (!isFile) continue;
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
    if (bytes.includes(text) || bytes.includes(btoa(text))) return true;
  }
  return false;
}

Deno.test("coracle apiserver keeps secrets encrypted through a kill and a rotation", async () => {
  const home = await Deno.makeTempDir({ prefix: "coracle-test-" });
  const port = freePort();
  const GCM = `{aesgcm: {keys: [${key("one")}]}}`;
  await Deno.writeTextFile(`${home}/policy.yaml`, POLICY);
  await Deno.writeTextFile(`${home}/encryption.yaml`, encryption(GCM));
  const secret = (name: string) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "default" },
    data: { word: btoa(WORD) },
  });
  try {
    const first = await Process.start(home, port);
    await first.connection.client.create(SECRETS, secret("s"));
    assert.equal(await first.end("SIGKILL"), 137);
    assert.equal(await holds(`${home}/data`, WORD), false);

    const box = `{secretbox: {keys: [${key("two")}]}}`;
    await Deno.writeTextFile(`${home}/encryption.yaml`, encryption(box, GCM));
    const second = await Process.start(home, port);
    const { client } = second.connection;
    const read = await client.get(SECRETS, "s", "default");
    assert.equal(read.data?.["word"], btoa(WORD));
    await client.update(SECRETS, read);
    const flags = await (await second.get("/flagz")).text();
    assert.ok(flags.includes(`\nencryption-provider-config=${home}/encryption.yaml\n`), flags);
    const metrics = await (await second.get("/metrics")).text();
    assert.match(metrics, /transformer_prefix="k8s:enc:secretbox:v1:two:",status="OK"\} 1\n/);

    // Ends in good order: the watch is closed, and what is answered is sent.
    const watch = await second.get("/api/v1/secrets?watch=true&resourceVersion=0");
    const text = watch.text();
    assert.equal(await second.end("SIGTERM"), 0);
    assert.equal((await text).trim().split("\n").length, 1);

    await Deno.writeTextFile(`${home}/encryption.yaml`, encryption(box));
    const third = await Process.start(home, port);
    const last = await third.connection.client.get(SECRETS, "s", "default");
    assert.equal(last.data?.["word"], btoa(WORD));
    assert.equal(await third.end("SIGTERM"), 0);
    assert.equal(await holds(`${home}/data`, WORD), false);

    const verbs = (await Deno.readTextFile(`${home}/audit.log`)).trim().split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ user }) => user.username === "kubernetes-admin")
      .map(({ verb, stage }) => `${verb} ${stage}`);
    assert.deepEqual(verbs, [
      "create ResponseComplete",
      "get ResponseComplete",
      "update ResponseComplete",
      "watch ResponseStarted",
      "watch ResponseComplete",
      "get ResponseComplete",
    ]);
    assert.equal(await holds(home, WORD), false);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
