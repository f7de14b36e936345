/**
 * A chart that extends the cluster in every way, with real pods behind it: definitions, hooks, RBAC, webhooks, an
 * aggregated API server and an operator. As root, and, run by an ordinary user, rootless. The cases follow each other.
 */
import assert from "node:assert/strict";
import { missingRequirements } from "../../components/host/mod.ts";
import { TestCluster, until } from "./cluster_fixture.ts";
import { goProgram, programTar } from "./go_images.ts";

const NODES = 2;
const chart = new URL("charts/library", import.meta.url).pathname;
const rootless = Deno.uid() !== 0;
const missing = await missingRequirements(rootless);
const reasons = [...missing.programs.map((program) => `no ${program}`), ...missing.problems];
if (await goProgram("library", false) === undefined) reasons.push("no go");
if (reasons.length > 0) console.log(`helm, podman: skipped: ${reasons.join("; ")}`);
const operator = reasons.length === 0 && await goProgram("operator", false) !== undefined;

let started: Promise<TestCluster> | undefined;
const cluster = () => started ??= start();

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start("podman", NODES);
  for (const name of operator ? ["library", "operator"] : ["library"]) {
    const binary = await goProgram(name);
    assert.ok(binary !== undefined);
    const tar = await programTar(cluster.directory, name, binary);
    const imported = await cluster.coracle("image", "import", tar, `${name}:e2e`);
    assert.equal(imported.code, 0, imported.stderr);
  }
  return cluster;
}

function check(name: string, body: (cluster: TestCluster) => Promise<void>, ignore = false): void {
  Deno.test({
    name: `helm, ${rootless ? "rootless podman" : "podman"}: ${name}`,
    ignore: reasons.length > 0 || ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => await body(await cluster()),
  });
}

const loan = (name: string, days: number, book = "Emma") => `
apiVersion: library.example.org/v1
kind: Loan
metadata: {name: ${name}, namespace: lib}
spec: {book: ${book}, days: ${days}}
`;
const helm = (c: TestCluster, args: string) => c.helm(`${args} --namespace lib --timeout 120s`);
const shelf = (c: TestCluster, name: string) =>
  c.ok(`get loan ${name} -n lib -o jsonpath={.metadata.labels.shelf}`);
/** Waits until the webhook of a new roll-out is the one that answers, and no other is left. */
const served = (c: TestCluster, wanted: string) =>
  until(`the webhook says ${wanted}`, async () => {
    const text = await c.ok(
      "create --dry-run=server -o jsonpath={.metadata.labels.shelf} -f -",
      loan("probe", 1),
    );
    const pods = await c.ok("get pods -n lib -l app=admission -o name");
    return text === wanted && pods.trim().split("\n").length === 1 ? true : undefined;
  });
const hooks = async (c: TestCluster) =>
  (await c.ok("get configmap -n lib -l library=record -o jsonpath={.items[*].metadata.name}"))
    .split(" ").filter((name) => name !== "").sort();

check("a chart is installed, its hooks run first, and all of it becomes ready", async (c) => {
  const text = await helm(
    c,
    `install lib ${chart} --create-namespace --wait --set operator=${operator}`,
  );
  assert.match(text, /STATUS: deployed/);
  assert.deepEqual(await hooks(c), ["pre-install-1"]);
  await c.ok("wait apiservice/v1.catalogue.example.org --for=condition=Available --timeout=60s");
  assert.equal(await c.ok("get jobs -n lib -o name"), "");
  // Pods are ready a moment before their Services know it.
  await served(c, "north");
});

check("webhooks in pods decide, mutate and warn", async (c) => {
  const made = await c.kubectl(["create", "-f", "-"], loan("emma", 30));
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /Warning: this is the longest that a book is lent/);
  assert.equal(await shelf(c, "emma"), "north");
  assert.match(
    await c.fails("create -f -", loan("greedy", 31)),
    /admission webhook "limits\.library\.example\.org" denied the request: "Emma" is lent for at most 30 days/,
  );
  assert.match(
    await c.fails('patch loan emma -n lib --type=merge -p \'{"spec":{"days":99}}\''),
    /denied the request/,
  );
  assert.match(
    await c.ok("get loans -n lib"),
    /^NAME\s+BOOK\s+PHASE\s*\nemma\s+Emma/m,
  );
});

check("an aggregated API in a pod answers kubectl", async (c) => {
  assert.match(
    await c.ok("api-resources --api-group=catalogue.example.org"),
    /^books\s+bk\s+catalogue\.example\.org\/v1\s+true\s+Book$/m,
  );
  assert.equal(
    await c.ok("get books -n lib -o jsonpath={.items[*].metadata.name}"),
    "emma middlemarch",
  );
  assert.match(await c.ok("get bk middlemarch -n lib"), /^middlemarch\s/m);
  assert.equal(
    await c.ok(
      "get book emma -n lib -o jsonpath={.title},{.metadata.annotations.asked-by} --as=jane --as-group=readers",
    ).catch((error) => String(error).match(/cannot get resource "books"/)?.[0]),
    'cannot get resource "books"',
  );
  await c.ok("create clusterrole reader --verb=get,list --resource=books.catalogue.example.org");
  await c.ok("create clusterrolebinding reader --clusterrole=reader --user=jane");
  assert.equal(
    await c.ok(
      "get book emma -n lib -o jsonpath={.title},{.metadata.annotations.asked-by} --as=jane",
    ),
    "Emma,jane",
  );
  assert.match(
    await c.fails("get book dracula -n lib"),
    /\(NotFound\): books\.catalogue\.example\.org "dracula" not found/,
  );
});

check("roles of the chart add to those that everybody knows", async (c) => {
  await c.ok("create rolebinding editor -n lib --clusterrole=edit --user=ed");
  await until(
    "edit holds the chart's rules",
    async () =>
      (await c.kubectl([
          "auth",
          "can-i",
          "create",
          "loans.library.example.org",
          "-n",
          "lib",
          "--as=ed",
        ]))
          .code === 0
        ? true
        : undefined,
  );
});

check("an operator in a pod finds the cluster, is elected and does its work", async (c) => {
  await c.ok("wait loan/emma -n lib --for=jsonpath={.status.phase}=Lent --timeout=60s");
  assert.equal(
    await c.ok("get configmap emma-receipt -n lib -o jsonpath={.data.text}"),
    "Emma for 30 days",
  );
  const leader = await c.ok("get lease loans-operator -n lib -o jsonpath={.spec.holderIdentity}");
  assert.match(leader, /^operator-/);
  await until(
    "an event tells of it",
    async () =>
      (await c.ok("get events -n lib --field-selector involvedObject.name=emma"))
          .includes("Emma is lent for 30 days")
        ? true
        : undefined,
  );
  // Another takes its place.
  await c.ok(`delete pod ${leader} -n lib --wait=false`);
  await c.ok('patch loan emma -n lib --type=merge -p \'{"spec":{"days":7}}\'');
  await until(
    "the next leader wrote the receipt",
    async () =>
      await c.ok("get configmap emma-receipt -n lib -o jsonpath={.data.text}") === "Emma for 7 days"
        ? true
        : undefined,
    60,
  );
  assert.notEqual(
    await c.ok("get lease loans-operator -n lib -o jsonpath={.spec.holderIdentity}"),
    leader,
  );
  await c.ok("delete loan emma -n lib --timeout=30s");
  await c.ok("wait configmap/emma-receipt -n lib --for=delete --timeout=60s");
}, !operator);

check("an upgrade rolls out, and a rollback takes it back", async (c) => {
  await helm(c, `upgrade lib ${chart} --reuse-values --wait --set shelf=south,limitDays=60`);
  await served(c, "south");
  assert.match(await c.ok("create -f -", loan("long", 45)), /created/);
  assert.equal(await shelf(c, "long"), "south");
  await helm(c, "rollback lib 1 --wait");
  await served(c, "north");
  assert.match(await c.fails("create -f -", loan("longer", 45)), /at most 30 days/);
  assert.deepEqual(await hooks(c), ["post-rollback-1", "post-upgrade-2", "pre-install-1"]);
  const { length } = JSON.parse(await c.helm("history lib -n lib -o json")) as unknown[];
  assert.equal(length, 3);
});

check("without its pods the webhook fails as its policy says, and the API says so", async (c) => {
  await c.ok("scale deployment admission catalogue -n lib --replicas=0");
  await c.ok("wait pod -n lib -l app=admission --for=delete --timeout=60s");
  await until("the webhook cannot be reached", async () => {
    const { code, stderr } = await c.kubectl(["create", "-f", "-"], loan("nobody", 1));
    if (code === 0) await c.ok("delete loan nobody -n lib");
    return /failed calling webhook "shelves\.library\.example\.org"/.test(stderr)
      ? true
      : undefined;
  });
  await c.ok(
    "wait apiservice/v1.catalogue.example.org --for=condition=Available=False --timeout=60s",
  );
  assert.match(
    await c.fails("get --raw /apis/catalogue.example.org/v1"),
    /ServiceUnavailable|unavailable/i,
  );
  await c.ok("scale deployment admission catalogue -n lib --replicas=1");
  await c.ok("wait apiservice/v1.catalogue.example.org --for=condition=Available --timeout=60s");
  await served(c, "north");
});

check("a chart is uninstalled, hooks first, and leaves what helm leaves", async (c) => {
  // While the operator is there: its finalizer must go.
  await c.ok("delete loans --all -n lib --timeout=30s");
  await helm(c, "uninstall lib --wait");
  assert.deepEqual(
    (await hooks(c)).filter((name) => name.startsWith("pre-delete")),
    // Rolled back to the first release, hooks and all.
    ["pre-delete-1"],
  );
  await until(
    "nothing of it is left",
    async () => await c.ok("get deploy,svc,secret,pod -n lib -o name") === "" ? true : undefined,
  );
  for (
    const name of [
      "apiservice/v1.catalogue.example.org",
      "mutatingwebhookconfiguration/library",
      "validatingwebhookconfiguration/library",
      "clusterrole/library-lend",
    ]
  ) assert.match(await c.fails(`get ${name}`), /NotFound/);
  // Definitions stay, as the objects would go with them.
  assert.match(await c.ok("create -f -", loan("free", 999)), /created/);
  await c.ok("delete ns lib --timeout=60s");
});

check("nothing is left", async (c) => await c.stop());
