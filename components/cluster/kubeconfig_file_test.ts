import assert from "node:assert/strict";
import { parse } from "yaml";
import { kubeconfigText } from "../pki/mod.ts";
import {
  mergeKubeconfig,
  readKubeconfig,
  userKubeconfigPath,
  withoutCluster,
} from "./kubeconfig_file.ts";

const ours = kubeconfigText({
  name: "coracle",
  server: "https://127.0.0.1:6443",
  authority: "CA",
  credential: { certificate: "CERT", key: "KEY" },
  user: "coracle-admin",
});
/** Another cluster of ours, on another data directory. */
const second = kubeconfigText({
  name: "coracle",
  server: "https://127.0.0.1:7443",
  authority: "CA of the second",
  credential: { certificate: "CERT", key: "KEY" },
  user: "coracle-admin",
});
const others = kubeconfigText({
  name: "work",
  server: "https://work:443",
  authority: "other",
  credential: { token: "secret" },
});

const names = (text: string, list: string) =>
  (parse(text)[list] as { name: string }[]).map(({ name }) => name);

const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
const merge = (existing: string, addition: string) => mergeKubeconfig(existing, addition, "config");
const without = (existing: string, authority: string) =>
  withoutCluster(existing, "coracle", base64(authority), "config");

Deno.test("mergeKubeconfig keeps others' entries, replaces ours and switches to it", () => {
  const once = merge(others, ours);
  const twice = merge(once.text, ours);
  assert.deepEqual(twice, once);
  assert.equal(once.context, "coracle");
  for (const list of ["clusters", "contexts"]) {
    assert.deepEqual(names(once.text, list), ["work", "coracle"]);
  }
  assert.deepEqual(names(once.text, "users"), ["work", "coracle-admin"]);
  assert.equal(parse(once.text)["current-context"], "coracle");
});

Deno.test("mergeKubeconfig makes one where there is none", () => {
  const made = merge("", ours).text;
  assert.deepEqual(names(made, "contexts"), ["coracle"]);
  assert.equal(parse(made).kind, "Config");
});

Deno.test("mergeKubeconfig takes another name where another cluster has it", () => {
  const both = merge(merge(others, ours).text, second);
  assert.equal(both.context, "coracle-2");
  assert.deepEqual(names(both.text, "clusters"), ["work", "coracle", "coracle-2"]);
  assert.deepEqual(names(both.text, "users"), ["work", "coracle-admin", "coracle-2-admin"]);
  const [, first, added] = parse(both.text).contexts;
  assert.equal(first.context.user, "coracle-admin");
  assert.deepEqual(
    [added.context.cluster, added.context.user],
    ["coracle-2", "coracle-2-admin"],
  );
  // Each finds its own again, whichever comes first.
  assert.equal(merge(both.text, second).context, "coracle-2");
  assert.equal(merge(both.text, ours).context, "coracle");
  const renewed = kubeconfigText({
    name: "coracle",
    server: "https://127.0.0.1:8443",
    authority: "CA",
    credential: { certificate: "CERT", key: "KEY" },
    user: "coracle-admin",
  });
  assert.equal(parse(merge(both.text, renewed).text).clusters.length, 3);
});

Deno.test("mergeKubeconfig leaves what is named alike and is nobody's we know", () => {
  const cases: [string, string][] = [
    ["clusters: [{name: coracle, cluster: {server: 'https://x'}}]", "coracle-2"],
    ["contexts: [{name: coracle, context: {cluster: x, user: y}}]", "coracle-2"],
    ["users: [{name: coracle-admin, user: {token: t}}]", "coracle-2"],
    ["users: [{name: coracle, user: {token: t}}]", "coracle"],
    ["clusters: [{name: coracle-2, cluster: {server: 'https://x'}}]", "coracle"],
    // Our cluster, but a context of that name that leads elsewhere.
    [
      `clusters: [{name: coracle, cluster: {certificate-authority-data: ${base64("CA")}}}]\n` +
      "contexts: [{name: coracle, context: {cluster: coracle, user: me}}]",
      "coracle-2",
    ],
  ];
  for (const [existing, context] of cases) {
    const merged = merge(existing, ours);
    assert.equal(merged.context, context, existing);
    for (const list of ["clusters", "users", "contexts"] as const) {
      for (const item of parse(existing)[list] ?? []) {
        assert.deepEqual(
          parse(merged.text)[list].find(({ name }: { name: string }) => name === item.name),
          item,
          existing,
        );
      }
    }
  }
});

Deno.test("mergeKubeconfig refuses what is no kubeconfig", () => {
  assert.throws(() => merge("- a\n- b\n", ours), /config is not a kubeconfig/);
  assert.throws(() => merge("a: b: c", ours), /config is not YAML/);
});

Deno.test("withoutCluster takes ours away and nothing else", () => {
  const both = merge(merge(others, ours).text, second).text;
  const left = without(both, "CA") ?? "";
  assert.deepEqual(names(left, "users"), ["work", "coracle-2-admin"]);
  assert.equal(parse(left)["current-context"], "coracle-2");
  const none = without(left, "CA of the second") ?? "";
  assert.deepEqual(names(none, "clusters"), ["work"]);
  assert.equal(parse(none)["current-context"], "");
  assert.equal(without(none, "CA"), undefined);
  // What somebody named otherwise is theirs.
  const renamed = both.replaceAll("coracle-2", "mine");
  assert.equal(without(renamed, "CA of the second"), undefined);
});

Deno.test("readKubeconfig reads what kubeconfigText writes", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, mergeKubeconfig(others, ours, path).text);
    assert.deepEqual(await readKubeconfig(path), {
      server: "https://127.0.0.1:6443",
      authority: "CA",
      certificate: "CERT",
      key: "KEY",
    });
    assert.equal((await readKubeconfig(path, "work")).token, "secret");
    await assert.rejects(readKubeconfig(path, "none"), /no context "none"/);
  } finally {
    await Deno.remove(path);
  }
  await assert.rejects(readKubeconfig("/nowhere"), /\/nowhere does not exist/);
});

Deno.test("userKubeconfigPath is what kubectl reads", () => {
  const path = (environment: Record<string, string>) =>
    userKubeconfigPath((name) => environment[name]);
  assert.equal(path({ HOME: "/h" }), "/h/.kube/config");
  assert.equal(path({ HOME: "/h", KUBECONFIG: ":/a:/b" }), "/a");
  assert.equal(path({}), undefined);
});
