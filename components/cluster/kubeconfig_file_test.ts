import assert from "node:assert/strict";
import { parse } from "yaml";
import { kubeconfigText } from "../pki/mod.ts";
import {
  mergeKubeconfig,
  readKubeconfig,
  userKubeconfigPath,
  withoutContext,
} from "./kubeconfig_file.ts";

const ours = kubeconfigText({
  name: "coracle",
  server: "https://127.0.0.1:6443",
  authority: "CA",
  credential: { certificate: "CERT", key: "KEY" },
});
const others = kubeconfigText({
  name: "work",
  server: "https://work:443",
  authority: "other",
  credential: { token: "secret" },
});

const names = (text: string, list: string) =>
  (parse(text)[list] as { name: string }[]).map(({ name }) => name);

Deno.test("mergeKubeconfig keeps others' entries, replaces ours and switches to it", () => {
  const once = mergeKubeconfig(others, ours, "config");
  const twice = mergeKubeconfig(once, ours, "config");
  assert.equal(twice, once);
  for (const list of ["clusters", "users", "contexts"]) {
    assert.deepEqual(names(once, list), ["work", "coracle"]);
  }
  assert.equal(parse(once)["current-context"], "coracle");
});

Deno.test("mergeKubeconfig makes one where there is none", () => {
  const made = mergeKubeconfig("", ours, "config");
  assert.deepEqual(names(made, "contexts"), ["coracle"]);
  assert.equal(parse(made).kind, "Config");
});

Deno.test("mergeKubeconfig refuses what is no kubeconfig", () => {
  assert.throws(() => mergeKubeconfig("- a\n- b\n", ours, "config"), /config is not a kubeconfig/);
  assert.throws(() => mergeKubeconfig("a: b: c", ours, "config"), /config is not YAML/);
});

Deno.test("withoutContext takes ours away and nothing else", () => {
  const left = withoutContext(mergeKubeconfig(others, ours, "config"), "coracle", "config");
  assert.deepEqual(names(left, "users"), ["work"]);
  assert.equal(parse(left)["current-context"], "");
});

Deno.test("readKubeconfig reads what kubeconfigText writes", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, mergeKubeconfig(others, ours, path));
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
