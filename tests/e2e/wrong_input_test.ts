/** Wrong input over the wire and on the command line: each gets Kubernetes' own answer, or one clear line. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from "jose";
import { readKubeconfig } from "../bench/kubeconfig.ts";
import { freePort } from "../free_port.ts";
import { type Finished, run, TestCluster, until } from "./cluster_fixture.ts";

const LAUNCHER = new URL("../../deploy/coracle", import.meta.url).pathname;
const MAPS = "/api/v1/namespaces/default/configmaps";
const BODY_MAXIMUM = 3 * 1024 * 1024;

interface Answer {
  readonly code: number;
  readonly warning: string | null;
  // What a server answers is what is being tested.
  readonly body: {
    kind?: string;
    code?: number;
    reason?: string;
    message?: string;
    metadata?: { resourceVersion?: string; name?: string };
    data?: Record<string, string>;
    status?: { token?: string };
    details?: { causes?: { reason?: string; field?: string; message?: string }[] };
  };
}

/** Requests as the cluster's administrator, or by a token alone. */
class Wire implements Disposable {
  readonly #server: string;
  readonly #admin: Deno.HttpClient;
  readonly #anyone: Deno.HttpClient;

  private constructor(server: string, admin: Deno.HttpClient, anyone: Deno.HttpClient) {
    this.#server = server;
    this.#admin = admin;
    this.#anyone = anyone;
  }

  static async open(kubeconfig: string): Promise<Wire> {
    const { server, ca, certificate } = await readKubeconfig(kubeconfig);
    assert.ok(ca !== undefined && certificate !== undefined, `${kubeconfig} has a certificate`);
    const trust = { caCerts: [ca] };
    return new Wire(
      server,
      Deno.createHttpClient({ ...trust, ...certificate }),
      Deno.createHttpClient(trust),
    );
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    { type = "application/json", token }: { type?: string; token?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(this.#server + path, {
      method,
      client: token === undefined ? this.#admin : this.#anyone,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const warning = response.headers.get("warning");
    return { code: response.status, warning, body: await response.json() };
  }

  [Symbol.dispose](): void {
    this.#admin.close();
    this.#anyone.close();
  }
}

function assertStatus(
  answer: Answer,
  code: number,
  reason: string,
  message: string | RegExp,
): void {
  const { body } = answer;
  const said = JSON.stringify(body);
  assert.equal(answer.code, code, said);
  assert.deepEqual([body.kind, body.code, body.reason], ["Status", code, reason], said);
  if (typeof message === "string") assert.equal(body.message, message);
  else assert.match(body.message ?? "", message);
}

const configMap = (name: string, data: Record<string, unknown> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

let started: Promise<{ cluster: TestCluster; wire: Wire }> | undefined;

async function start() {
  const cluster = await TestCluster.start("hollow");
  return { cluster, wire: await Wire.open(cluster.kubeconfig) };
}

function check(
  name: string,
  body: (wire: Wire, cluster: TestCluster) => Promise<void>,
): void {
  Deno.test({
    name: `wrong input: ${name}`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const { cluster, wire } = await (started ??= start());
      await body(wire, cluster);
    },
  });
}

check("a body that is not JSON", async (wire) => {
  assertStatus(
    await wire.send("POST", MAPS, "{not json"),
    400,
    "BadRequest",
    "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; " +
      "json parse error: invalid character 'n' looking for beginning of object key string ({not json)",
  );
});

check("a body that is not YAML", async (wire) => {
  const answer = await wire.send("POST", MAPS, "a: [1", { type: "application/yaml" });
  assertStatus(
    answer,
    400,
    "BadRequest",
    /couldn't get version\/kind; error converting YAML to JSON: yaml: line 1: .* \(613a205b31\)$/,
  );
});

check("a body of an unknown media type", async (wire) => {
  const answer = await wire.send("POST", MAPS, "<a/>", { type: "text/xml" });
  assertStatus(
    answer,
    415,
    "UnsupportedMediaType",
    /^the body of the request was in an unknown format - accepted media types include: application\/json/,
  );
});

const UNKNOWN = { ...configMap("unknown"), colour: "red" };

check("an unknown field, strictly", async (wire) => {
  const answer = await wire.send("POST", `${MAPS}?fieldValidation=Strict`, UNKNOWN);
  assertStatus(
    answer,
    400,
    "BadRequest",
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "colour"',
  );
  assert.equal((await wire.send("GET", `${MAPS}/unknown`)).code, 404);
});

check("an unknown field, with a warning", async (wire) => {
  const answer = await wire.send("POST", `${MAPS}?fieldValidation=Warn`, UNKNOWN);
  assert.equal(answer.code, 201);
  assert.equal(answer.warning, '299 - "unknown field \\"colour\\""');
});

check("a wrong type", async (wire) => {
  const answer = await wire.send("POST", MAPS, configMap("typed", { a: 1 }));
  assertStatus(
    answer,
    400,
    "BadRequest",
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  );
});

check("a name that breaks the rules", async (wire) => {
  const answer = await wire.send("POST", MAPS, configMap("Not_A_Name"));
  assertStatus(
    answer,
    422,
    "Invalid",
    /^ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of /,
  );
  const [cause] = answer.body.details?.causes ?? [];
  assert.deepEqual([cause?.reason, cause?.field], ["FieldValueInvalid", "metadata.name"]);
});

check("an update with a stale revision", async (wire) => {
  const first = await wire.send("POST", MAPS, configMap("stale", { a: "1" }));
  assert.equal(first.code, 201);
  const update = { ...first.body, data: { a: "2" } };
  assert.equal((await wire.send("PUT", `${MAPS}/stale`, update)).code, 200);
  assertStatus(
    await wire.send("PUT", `${MAPS}/stale`, { ...update, data: { a: "3" } }),
    409,
    "Conflict",
    'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
  );
  assert.equal((await wire.send("GET", `${MAPS}/stale`)).body.data?.["a"], "2");
});

check("a patch that does not apply", async (wire) => {
  assert.equal((await wire.send("POST", MAPS, configMap("patched"))).code, 201);
  const test = [{ op: "test", path: "/metadata/name", value: "other" }];
  assertStatus(
    await wire.send("PATCH", `${MAPS}/patched`, test, { type: "application/json-patch+json" }),
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
  );
  const missing = [{ op: "remove", path: "/data/none" }];
  assertStatus(
    await wire.send("PATCH", `${MAPS}/patched`, missing, { type: "application/json-patch+json" }),
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
  );
  const broken = await wire.send("PATCH", `${MAPS}/patched`, "{", {
    type: "application/merge-patch+json",
  });
  assertStatus(broken, 400, "BadRequest", /^error decoding patch: /);
});

check("a body over 3 MiB", async (wire) => {
  const body = JSON.stringify(configMap("large", { a: "x".repeat(BODY_MAXIMUM) }));
  const message = `Request entity too large: limit is ${BODY_MAXIMUM}`;
  assertStatus(await wire.send("POST", MAPS, body), 413, "RequestEntityTooLarge", message);
});

check("tokens that are forged, expired or for another audience", async (wire, cluster) => {
  const issue = async (spec: Record<string, unknown>): Promise<string> => {
    const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const answer = await wire.send("POST", path, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec,
    });
    assert.equal(answer.code, 201, JSON.stringify(answer.body));
    return answer.body.status?.token ?? "";
  };
  const ask = (token: string) => wire.send("GET", "/api/v1/namespaces", undefined, { token });
  const good = await issue({});
  assert.equal((await ask(good)).code, 403, "the account is known, and may not");

  const key = createPrivateKey(await Deno.readTextFile(`${cluster.directory}/data/pki/sa.key`));
  const header = decodeProtectedHeader(good);
  const payload = decodeJwt(good);
  const signed = (claims: JWTPayload, by: typeof key) =>
    new SignJWT(claims).setProtectedHeader({ ...header, alg: header.alg ?? "RS256" }).sign(by);
  assert.equal((await ask(await signed(payload, key))).code, 403, "the key signs");

  const rsa = createPublicKey(key).asymmetricKeyType === "rsa";
  const stranger = rsa
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const hour = 3600;
  const past = (payload.exp ?? 0) - 48 * hour - (payload.exp ?? 0) % hour;
  const refused = {
    "signed by another key": await signed(payload, stranger.privateKey),
    expired: await signed({ ...payload, iat: past - hour, nbf: past - hour, exp: past }, key),
    "for another audience": await issue({ audiences: ["vault.example.test"] }),
    "no token at all": "nonsense",
  };
  for (const [kind, token] of Object.entries(refused)) {
    const answer = await ask(token);
    assert.equal(answer.code, 401, kind);
    assertStatus(answer, 401, "Unauthorized", "Unauthorized");
  }
});

/** One `coracle up` that cannot start. */
async function up(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return await run([LAUNCHER, "up", ...args], { env });
}

/** The one line that it said of an error, of a start that failed. */
function oneLine({ code, stderr }: Finished, expected: number): string {
  assert.equal(code, expected, stderr);
  const errors = stderr.split("\n").filter((line) => line.startsWith("Error: "));
  assert.equal(errors.length, 1, stderr);
  assert.doesNotMatch(stderr, /\n {4}at /, "no stack");
  return errors[0]!;
}

check("a data directory in use", async (_wire, cluster) => {
  const data = `${cluster.directory}/data`;
  const args = ["--runtime=hollow", `--data-dir=${data}`, `--listen=127.0.0.1:${freePort()}`];
  assert.match(oneLine(await up(args), 1), /^Error: \S+\/data is in use by coracle, process \d+$/);
});

check("a port in use", async (_wire, cluster) => {
  const address = `127.0.0.1:${cluster.port}`;
  const data = `${cluster.directory}/other`;
  const args = ["--runtime=hollow", `--data-dir=${data}`, `--listen=${address}`];
  assert.equal(
    oneLine(await up(args), 1),
    `Error: ${address} is in use by another program; --listen takes another address`,
  );
});

check("an unknown flag", async () => {
  const result = await up(["--no-such-flag"]);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /unknown flag: --no-such-flag/);
  assert.doesNotMatch(result.stderr, /\n {4}at /, "no stack");
});

check("a machine without Podman", async (_wire, cluster) => {
  // The command itself, past the launcher, which would install it.
  const bin = `${cluster.directory}/bin`;
  await Deno.mkdir(bin);
  const root = new URL("../..", import.meta.url).pathname;
  const result = await run([
    Deno.execPath(),
    ...["run", "-A", "--quiet", "--config", `${root}deno.json`, `${root}mod.ts`, "up"],
    ...["--runtime=podman", `--data-dir=${cluster.directory}/podmanless`],
    `--listen=127.0.0.1:${freePort()}`,
  ], { env: { PATH: bin } });
  assert.match(oneLine(result, 1), /podman/);
});

Deno.test({
  name: "wrong input: a full disk loses nothing that was acknowledged",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "coracle-e2e-full-" });
    const data = `${directory}/data`;
    await Deno.mkdir(data);
    const mounted = await run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", data]);
    if (mounted.code !== 0) {
      console.log(`a full disk: skipped: no tmpfs: ${mounted.stderr.trim()}`);
      await Deno.remove(directory, { recursive: true });
      return;
    }
    const command = [LAUNCHER, "up", "--detach", "--runtime=hollow", `--data-dir=${data}`];
    const kubeconfig = `${directory}/kubeconfig`;
    command.push(`--listen=127.0.0.1:${freePort()}`, `--kubeconfig=${kubeconfig}`);
    const end = async () => {
      const { code, stdout, stderr } = await run([LAUNCHER, "stop", "--data-dir", data]);
      assert.equal(code, 0, `stop: ${stdout}${stderr}`);
    };
    try {
      const first = await run(command);
      assert.equal(first.code, 0, first.stderr);
      const text = "x".repeat(200_000);
      const acknowledged = new Map<string, string>();
      {
        using wire = await Wire.open(kubeconfig);
        let refused: Answer | undefined;
        for (let i = 0; refused === undefined; i++) {
          assert.ok(i < 1000, "the disk is never full");
          const answer = await wire.send("POST", MAPS, configMap(`map-${i}`, { text }));
          if (answer.code !== 201) refused = answer;
          else acknowledged.set(`map-${i}`, answer.body.metadata?.resourceVersion ?? "");
        }

        assertStatus(refused, 500, "InternalError", /full|space|closed/i);
        assert.ok(acknowledged.size > 10, `${acknowledged.size} writes`);
      }
      await end();
      const larger = await run(["mount", "-o", "remount,size=256m", data]);
      assert.equal(larger.code, 0, larger.stderr);

      const again = await run(command);

      assert.equal(again.code, 0, again.stderr);
      using wire = await Wire.open(kubeconfig);
      for (const [name, revision] of acknowledged) {
        const { code, body } = await wire.send("GET", `${MAPS}/${name}`);
        assert.equal(code, 200, name);
        assert.equal(body.metadata?.resourceVersion, revision);
        assert.equal(body.data?.["text"], text);
      }
      assert.equal((await wire.send("POST", MAPS, configMap("after"))).code, 201);
    } finally {
      await end();
      await until("the tmpfs is not in use", async () => {
        const { code, stderr } = await run(["umount", data]);
        if (code !== 0) throw new Error(stderr);
        return true;
      });
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "wrong input: what was started ends",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    if (started === undefined) return;
    const { cluster, wire } = await started;
    wire[Symbol.dispose]();
    await cluster.stop();
  },
});
