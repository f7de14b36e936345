/** The real kubectl and helm with custom resources. */
import assert from "node:assert/strict";
import { TestCluster, until } from "./cluster_fixture.ts";
import { PASSPORT, PASSPORTS } from "./passport_definition.ts";

let started: Promise<TestCluster> | undefined;
const cluster = () => started ??= TestCluster.start("hollow", 1);

function check(name: string, body: (cluster: TestCluster) => Promise<void>): void {
  Deno.test({
    name: `kubectl, custom resources: ${name}`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => await body(await cluster()),
  });
}

const CRD = "crd/passports.travel.example.org";

check("a definition is applied and established", async (c) => {
  assert.match(await c.ok("apply -f -", PASSPORTS), /passports\.travel\.example\.org created/);
  await c.ok(`wait --for=condition=Established ${CRD} --timeout=20s`);
  assert.match(await c.ok("apply -f -", PASSPORTS), /unchanged/);
  assert.match(
    await c.ok("api-resources --api-group=travel.example.org"),
    /^passports\s+pp\s+travel\.example\.org\/v1\s+true\s+Passport$/m,
  );
});

check("an object is applied, shown and applied again", async (c) => {
  assert.match(await c.ok("apply -f -", PASSPORT), /passport\.travel\.example\.org\/ada created/);
  assert.match(await c.ok("apply -f -", PASSPORT), /unchanged/);
  assert.match(
    await c.ok("apply -f -", PASSPORT.replace("[gb, fr]", "[gb]")),
    /ada configured/,
  );
  assert.match(await c.ok("get pp"), /^NAME\s+READY\s+HOLDER\s+AGE\s*\nada\s+Ada Lovelace\s+\d+s/m);
  assert.match(await c.ok("get passports -o wide"), /HOLDER\s+SECRET\s+AGE\s*\nada.*ada-passport/);
  assert.match(await c.ok("get travel"), /ada/);
  assert.equal(
    await c.ok(
      "get pp ada -o jsonpath={.spec.privateKey.algorithm},{.spec.copies},{.spec.officeRef.kind}",
    ),
    "ECDSA,1,Office",
  );
  assert.match(await c.ok("describe pp ada"), /Common Name:\s+Ada Lovelace/);
  assert.match(await c.ok("get pp --field-selector spec.secretName=ada-passport -o name"), /ada/);
  assert.equal(await c.ok("get pp --field-selector spec.secretName=other -o name"), "");
});

check("explain reads the schema", async (c) => {
  const text = await c.ok("explain passport.spec");
  assert.match(text, /GROUP:\s+travel\.example\.org/);
  assert.match(text, /What the document should be\./);
  assert.match(text, /holder\s+<Object> -required-/);
  assert.match(await c.ok("explain pp.spec.privateKey.algorithm"), /ENUM:\s+RSA\s+ECDSA/);
  assert.match(await c.ok("explain pp --recursive"), /renewBefore\s+<string>/);
});

check("wrong objects are refused, by kubectl and by the server", async (c) => {
  assert.match(
    await c.fails("apply -f -", PASSPORT.replace("ada}", "bad}").replace("secretName:", "sekret:")),
    /unknown field "spec\.sekret"/,
  );
  assert.match(
    await c.fails(
      "create --validate=false -f -",
      PASSPORT.replace("ada}", "bad}").replace("AL1815", "no!"),
    ),
    /spec\.holder\.serial in body should match/,
  );
  assert.match(
    await c.fails(
      "create -f -",
      PASSPORT.replace("ada}", "bad}").replace("spec:", "spec:\n  renewBefore: 9999h"),
    ),
    /renewBefore must be shorter than duration/,
  );
  assert.match(
    await c.fails(`patch pp ada --type=merge -p '{"spec":{"secretName":"other"}}'`),
    /secretName is immutable/,
  );
});

check("patch, label, edit of status, scale and server-side apply", async (c) => {
  await c.ok(`patch pp ada --type=merge -p '{"spec":{"copies":2}}'`);
  await c.ok("label pp ada office=london");
  await c.ok(
    `patch pp ada --subresource=status --type=merge -p '{"status":{"copies":2,"conditions":[{"type":"Ready","status":"True"}]}}'`,
  );
  assert.match(await c.ok("get pp ada"), /^ada\s+True\s+Ada/m);
  await c.ok("wait --for=condition=Ready pp/ada --timeout=10s");
  assert.match(await c.ok("scale pp ada --replicas=3"), /scaled/);
  assert.equal(await c.ok("get pp ada -o jsonpath={.spec.copies}"), "3");
  await c.ok(
    "apply --server-side --field-manager=post -f -",
    PASSPORT.replace(/spec:[^]*/, "spec:\n  addresses:\n  - {type: work, lines: [x]}\n"),
  );
  assert.equal(await c.ok("get pp ada -o jsonpath={.spec.addresses[*].type}"), "home work");
});

check("a namespace takes its custom resources along", async (c) => {
  await c.ok("create namespace abroad");
  await c.ok("apply -n abroad -f -", PASSPORT);
  await c.ok("delete namespace abroad --timeout=60s");
  assert.match(await c.fails("get ns abroad"), /NotFound/);
});

check("what a custom resource owns goes with it", async (c) => {
  await c.ok("apply -f -", PASSPORT.replace("ada}", "owner}"));
  const uid = await c.ok("get pp owner -o jsonpath={.metadata.uid}");
  await c.ok(
    "apply -f -",
    `apiVersion: v1
kind: ConfigMap
metadata:
  name: owned
  ownerReferences: [{apiVersion: travel.example.org/v1, kind: Passport, name: owner, uid: ${uid}}]
`,
  );
  await c.ok("delete pp owner");
  await until(
    "the config map is gone",
    async () => (await c.kubectl(["get", "cm", "owned"])).code !== 0 || undefined,
  );
});

check("all is there after a kill, and deleting the definition deletes it", async (c) => {
  const before = await c.ok("get pp ada -o jsonpath={.metadata.uid}/{.metadata.resourceVersion}");
  const status = JSON.parse((await c.coracle("status", "--output", "json")).stdout) as {
    pid: number;
  };
  Deno.kill(status.pid, "SIGKILL");
  await c.up();
  assert.equal(
    await c.ok("get pp ada -o jsonpath={.metadata.uid}/{.metadata.resourceVersion}"),
    before,
  );
  await c.ok(`delete ${CRD} --timeout=30s`);
  assert.match(
    await c.fails("get pp"),
    /the server (doesn't have a resource type|could not find the requested resource)/,
  );
});

check("helm installs a chart that brings its definitions", async (c) => {
  const chart = `${c.directory}/travel`;
  await Deno.mkdir(`${chart}/templates`, { recursive: true });
  await Deno.mkdir(`${chart}/crds`, { recursive: true });
  await Deno.writeTextFile(`${chart}/Chart.yaml`, "apiVersion: v2\nname: travel\nversion: 0.1.0\n");
  await Deno.writeTextFile(`${chart}/crds/passports.yaml`, PASSPORTS);
  await Deno.writeTextFile(
    `${chart}/templates/passport.yaml`,
    PASSPORT.replace("ada}", "{{ .Release.Name }}}").replace("AL1815", "{{ .Values.serial }}"),
  );
  await Deno.writeTextFile(`${chart}/values.yaml`, "serial: ABCD\n");
  await c.helm(`install trip ${chart} --timeout 60s`);
  assert.equal(await c.ok("get pp trip -o jsonpath={.spec.holder.serial}"), "ABCD");
  await c.helm(`upgrade trip ${chart} --set serial=EFGH --timeout 60s`);
  assert.equal(await c.ok("get pp trip -o jsonpath={.spec.holder.serial}"), "EFGH");
  await c.helm("uninstall trip --wait --timeout 60s");
  assert.match(await c.fails("get pp trip"), /NotFound/);
});

Deno.test({
  name: "kubectl, custom resources: the cluster ends",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => await (await cluster()).stop(),
});
