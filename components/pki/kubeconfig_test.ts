import assert from "node:assert/strict";
import { parse } from "yaml";
import { kubeconfigText } from "./mod.ts";

const base64 = (text: string) => new TextEncoder().encode(text).toBase64();

Deno.test("kubeconfigText embeds authority and credential", () => {
  const config = parse(kubeconfigText({
    name: "coracle",
    server: "https://127.0.0.1:6443",
    authority: "CA\n",
    credential: { certificate: "CERT\n", key: "KEY\n" },
    user: "kubernetes-admin",
  }));
  assert.deepEqual(config, {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "coracle",
    clusters: [{
      name: "coracle",
      cluster: { server: "https://127.0.0.1:6443", "certificate-authority-data": base64("CA\n") },
    }],
    contexts: [{ name: "coracle", context: { cluster: "coracle", user: "kubernetes-admin" } }],
    users: [{
      name: "kubernetes-admin",
      user: {
        "client-certificate-data": base64("CERT\n"),
        "client-key-data": base64("KEY\n"),
      },
    }],
  });
});

Deno.test("kubeconfigText quotes what YAML would read otherwise", () => {
  const token = "a: b # c\n'\"";
  const config = parse(kubeconfigText({
    name: "yes",
    server: "https://[::1]:6443",
    authority: "",
    credential: { token },
    namespace: "null",
  }));
  assert.equal(config.users[0].user.token, token);
  assert.equal(config.clusters[0].name, "yes");
  assert.equal(config.contexts[0].context.namespace, "null");
});
