/** `coracle` as its users run it, with hollow nodes: processes, files, signals and what is said on the terminal. */
import assert from "node:assert/strict";
import { CONFIG_MAPS, type ConfigMap } from "../../components/api/mod.ts";
import { connect, readKubeconfig } from "../../components/cluster/mod.ts";
import { freePort } from "../free_port.ts";

const root = new URL("../../", import.meta.url).pathname;
const decoder = new TextDecoder();

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function coracle(home: string, ...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      "--config",
      `${root}deno.json`,
      `${root}mod.ts`,
      ...args,
    ],
    env: { HOME: home, KUBECONFIG: "", NO_COLOR: "1", DENO_DIR: denoDirectory },
    stdin: "null",
  }).output();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** The cache of this very process, which HOME would lead away from. */
const denoDirectory = Deno.env.get("DENO_DIR") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;

async function withHome(body: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "coracle-test-" });
  try {
    await body(home);
  } finally {
    await coracle(home, "stop", "--data-dir", `${home}/data`);
    await Deno.remove(home, { recursive: true });
  }
}

async function client(kubeconfig: string) {
  const connection = connect(await readKubeconfig(kubeconfig), "test");
  return { client: connection.client, [Symbol.dispose]: () => connection.close() };
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});

Deno.test("up, status, a killed process, up again, stop, reset", () =>
  withHome(async (home) => {
    const data = `${home}/data`;
    const listen = `127.0.0.1:${freePort()}`;
    const upArguments = ["up", "--detach", "--runtime", "hollow", "--data-dir", data];
    await Deno.mkdir(`${home}/.kube`);
    await Deno.writeTextFile(
      `${home}/.kube/config`,
      "apiVersion: v1\nkind: Config\ncontexts: [{name: work, context: {cluster: w, user: w}}]\n",
    );

    const started = await coracle(home, ...upArguments, "--listen", listen, "--nodes", "2");
    assert.match(
      started.out,
      /^Cluster ready in \d+\.\d s\. export KUBECONFIG=\S+\n$/,
      started.err,
    );
    const kubeconfig = `${data}/admin.kubeconfig`;
    assert.equal((await Deno.stat(kubeconfig)).mode! & 0o777, 0o600);
    const users = await Deno.readTextFile(`${home}/.kube/config`);
    assert.match(users, /name: work/);
    assert.match(users, /current-context: coracle/);
    assert.equal((await Deno.stat(`${home}/.kube/config`)).mode! & 0o777, 0o600);

    let revision: string | undefined;
    {
      using admin = await client(kubeconfig);
      const made = await admin.client.create<ConfigMap>(CONFIG_MAPS, configMap("kept"));
      revision = made.metadata?.resourceVersion;
    }
    const second = await coracle(home, "up", "--runtime", "hollow", "--data-dir", data);
    assert.equal(second.code, 1);
    assert.match(second.err, new RegExp(`Error: \\S+/data is in use by coracle, process \\d+\\n$`));

    const status = JSON.parse(
      (await coracle(home, "status", "--data-dir", data, "-o", "json")).out,
    );
    assert.equal(status.state, "ready");
    assert.deepEqual(status.nodes.map(({ name }: { name: string }) => name), ["node-1", "node-2"]);

    Deno.kill(status.pid, "SIGKILL");
    // What was said once is remembered, and what cannot change is refused.
    const refusals: [string[], string][] = [
      [
        ["--runtime=podman"],
        "Error: the nodes of this cluster are hollow: --runtime is chosen when a cluster is made, " +
        "and podman would be another\n",
      ],
      [
        ["--nodes=1"],
        "Error: this cluster has 2 nodes: --nodes may add some, and 1 would take some away\n",
      ],
    ];
    for (const [given, message] of refusals) {
      const { code, err } = await coracle(home, "up", "--detach", "--data-dir", data, ...given);
      assert.deepEqual([code, err], [1, message]);
    }
    const again = await coracle(home, "up", "--detach", "--data-dir", data);
    assert.equal(again.code, 0, again.err);
    {
      using admin = await client(kubeconfig);
      const kept = await admin.client.get(CONFIG_MAPS, "kept", "default");
      assert.equal(kept.metadata?.resourceVersion, revision);
    }
    const logs = await coracle(home, "logs", "scheduler", "--data-dir", data);
    assert.match(logs.out, /info {2}starting process=\d+/);

    const stopped = await coracle(home, "stop", "--data-dir", data);
    assert.match(stopped.out, /stopped\.\n$/);
    const idle = await coracle(home, "status", "--data-dir", data);
    assert.equal(idle.code, 3);
    assert.equal(idle.out, `No cluster runs in ${data}.\n`);

    const removed = await coracle(home, "reset", "--data-dir", data);
    assert.equal(removed.code, 0, removed.err);
    await assert.rejects(Deno.stat(data), Deno.errors.NotFound);
    assert.doesNotMatch(await Deno.readTextFile(`${home}/.kube/config`), /name: coracle/);
  }));

Deno.test("up says in one line that its port is taken", () =>
  withHome(async (home) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const listen = `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
    for (const detach of ["--detach=false", "--detach=true"]) {
      const { code, err } = await coracle(
        home,
        "up",
        "--runtime=hollow",
        `--data-dir=${home}/data`,
        `--listen=${listen}`,
        detach,
      );
      assert.equal(code, 1);
      const errors = err.split("\n").filter((line) => line.startsWith("Error: "));
      assert.deepEqual(errors, [
        `Error: ${listen} is in use by another program; --listen takes another address`,
      ]);
      assert.doesNotMatch(err, /\n {4}at /, "no stack");
      await assert.rejects(Deno.stat(`${home}/data`), Deno.errors.NotFound, "nothing is left");
    }
    await Deno.mkdir(`${home}/mine`);
    const { code } = await coracle(
      home,
      ...["up", "--runtime=hollow", `--data-dir=${home}/mine`, `--listen=${listen}`],
    );
    assert.equal(code, 1);
    assert.deepEqual([...Deno.readDirSync(`${home}/mine`)], [], "what was there stays, empty");
  }));

Deno.test("up refuses a path that is too long for the sockets of its nodes", () =>
  withHome(async (home) => {
    const data = `${home}/${"d".repeat(80 - home.length)}`;
    const { code, err } = await coracle(
      home,
      ...["up", "--detach", `--data-dir=${data}`, `--listen=127.0.0.1:${freePort()}`],
    );
    assert.equal(code, 1);
    assert.equal(
      err,
      `Error: the path of the data directory is ${data.length} bytes long; ` +
        `nodes have sockets in it, for which it must have at most 79: ${data}\n`,
    );
    await assert.rejects(Deno.stat(data), Deno.errors.NotFound, "nothing is left");
  }));

Deno.test("reset leaves a folder alone that holds no cluster", () =>
  withHome(async (home) => {
    await Deno.writeTextFile(`${home}/precious`, "");
    const { code, err } = await coracle(home, "reset", "--data-dir", home);
    assert.equal(code, 1);
    assert.match(err, /holds no cluster; it is left as it is/);
    await Deno.stat(`${home}/precious`);
  }));

const refused: readonly (readonly [readonly string[], string])[] = [
  [["sail"], 'Error: unknown command "sail" for "coracle"'],
  [["up", "--sail"], "Error: unknown flag: --sail"],
  [
    ["up", "--listen", "6443"],
    'Error: invalid argument "6443" for "--listen" flag: must be HOST:PORT',
  ],
  [
    ["up", "--nodes", "0"],
    'Error: invalid argument "0" for "--nodes" flag: must be from 1 to 5000',
  ],
  [["scheduler"], "Error: --kubeconfig is required"],
  [["scheduler", "--kubeconfig", "/nowhere"], "Error: /nowhere does not exist"],
  [
    ["scheduler", "--kubeconfig", "/nowhere", "--config", "/none.yaml"],
    "Error: open /none.yaml: no such file or directory",
  ],
  [
    ["scheduler", "--kubeconfig", "/nowhere", "--secure-port", "70000"],
    "Error: --secure-port must be between 0 and 65535",
  ],
];

Deno.test("what cannot be understood gets one clear line and code 1", () =>
  withHome(async (home) => {
    await Promise.all(refused.map(async ([args, message]) => {
      const { code, err } = await coracle(home, ...args);
      assert.equal(code, 1, args.join(" "));
      assert.equal(err.split("\n")[0], message);
    }));
  }));

/** A program of the shell that says who it is, or its version. */
const fakeKubectl = (name: string, version: string) =>
  `#!/bin/sh
if [ "$1" = version ]; then
  printf '{\\n  "clientVersion": {\\n    "gitVersion": "${version}"\\n  }\\n}\\n'
else
  echo "${name} $*"
fi
`;

Deno.test("the launcher takes the PATH's kubectl where it works with this version", async () => {
  const directory = await Deno.makeTempDir({ prefix: "coracle-test-" });
  const launcher = `${root}deploy/coracle`;
  const text = await Deno.readTextFile(launcher);
  const versionOf = (pattern: RegExp) => pattern.exec(text)?.[1] ?? "";
  const cached = {
    deno: `${directory}/cache/deno-${versionOf(/^DENO_VERSION=(.*)$/m)}`,
    tools: `${directory}/cache/kubectl-${versionOf(/^KUBECTL_PACKAGE=.*@(.*)$/m)}`,
  };
  const write = (path: string, script: string) => Deno.writeTextFile(path, script, { mode: 0o755 });
  try {
    for (const folder of [...Object.values(cached), `${directory}/bin`]) {
      await Deno.mkdir(folder, { recursive: true });
    }
    await Deno.symlink(Deno.execPath(), `${cached.deno}/deno`);
    await write(`${cached.tools}/kubectl`, fakeKubectl("npm's", "v1.35.0"));
    const cases: [script: string, out: string, err: RegExp][] = [
      [fakeKubectl("own", "v1.35.0"), "own get pods\n", /^$/],
      [fakeKubectl("own", "v1.36.9-debian1"), "own get pods\n", /^$/],
      [fakeKubectl("own", "v1.37.0"), "own get pods\n", /^$/],
      [fakeKubectl("own", "v1.28.3"), "npm's get pods\n", /is 1\.28, which does not go with 1\./],
      [fakeKubectl("own", "v1.38.0"), "npm's get pods\n", /is 1\.38, which does not go with 1\./],
      ["#!/bin/sh\nexit 126\n", "npm's get pods\n", /does not run; this is one from npm/],
    ];
    for (const [script, out, err] of cases) {
      await write(`${directory}/bin/kubectl`, script);
      const { stderr, stdout } = await new Deno.Command(launcher, {
        args: ["kubectl", "get", "pods"],
        env: {
          CORACLE_CACHE: `${directory}/cache`,
          PATH: `${directory}/bin:${Deno.env.get("PATH") ?? ""}`,
        },
      }).output();
      assert.equal(decoder.decode(stdout), out, decoder.decode(stderr));
      assert.match(decoder.decode(stderr), err);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
