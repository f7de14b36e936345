import assert from "node:assert/strict";
import { covers, readEncryptionConfig } from "./encryption_config.ts";

const HEAD = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
const SECRET = btoa("0123456789abcdef");
const LONG = btoa("0123456789abcdef0123456789abcdef");

Deno.test("readEncryptionConfig reads every provider", () => {
  const { resources } = readEncryptionConfig(`${HEAD}resources:
- resources: [secrets, deployments.apps, "*.batch"]
  providers:
  - aesgcm: {keys: [{name: a, secret: ${SECRET}}, {name: b, secret: ${LONG}}]}
  - aescbc: {keys: [{name: a, secret: ${SECRET}}]}
  - secretbox: {keys: [{name: a, secret: ${LONG}}]}
  - kms: {apiVersion: v2, name: vault, endpoint: unix:///run/kms.sock, timeout: 5s}
  - identity: {}
- resources: ["*.*"]
  providers: [{identity: {}}]
`);
  assert.deepEqual(resources[0]?.providers.map(({ kind }) => kind), [
    "aesgcm",
    "aescbc",
    "secretbox",
    "kms",
    "identity",
  ]);
  assert.deepEqual(resources[0]?.providers[3], {
    kind: "kms",
    name: "vault",
    socket: "/run/kms.sock",
    timeoutMilliseconds: 5000,
  });
});

Deno.test("covers", () => {
  const check = (wildcard: string, resource: string, expected: boolean) =>
    assert.equal(covers(wildcard, resource), expected, `${wildcard} ${resource}`);
  check("secrets", "secrets", true);
  check("secrets", "secrets.x", false);
  check("*.", "secrets", true);
  check("*.", "deployments.apps", false);
  check("*.apps", "deployments.apps", true);
  check("*.apps", "deployments.apps.x", false);
  check("*.*", "a.b.c", true);
});

Deno.test("readEncryptionConfig says what is wrong, and shows no secret", () => {
  const rule = (resources: string, providers: string) =>
    `${HEAD}resources: [{resources: ${resources}, providers: ${providers}}]`;
  const key = (kind: string, keys: string) => rule("[secrets]", `[{${kind}: {keys: ${keys}}}]`);
  const cases: [string, string][] = [
    [
      "kind: Other",
      'no kind "EncryptionConfiguration" in version "apiserver.config.k8s.io/v1" found',
    ],
    ["[", "the encryption configuration is no YAML"],
    [HEAD, "resources: Required value: at least one resource must be specified"],
    [
      rule("[]", "[{identity: {}}]"),
      "resources[0].resources: Required value: at least one resource must be specified",
    ],
    [
      rule("[secrets]", "[]"),
      "resources[0].providers: Required value: at least one provider must be specified",
    ],
    [
      rule("[secrets]", "[{}]"),
      "resources[0].providers[0]: Required value: provider does not contain any of the expected providers",
    ],
    [
      rule("['*']", "[{identity: {}}]"),
      `resources[0].resources[0]: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`,
    ],
    [
      rule("['*.', secrets]", "[{identity: {}}]"),
      'resources[0].resources: Invalid value: "secrets": resource is masked by earlier rule "*."',
    ],
    [
      rule("[secrets, secrets]", "[{identity: {}}]"),
      'resources[0].resources: Invalid value: "secrets": resource is masked by earlier rule "secrets"',
    ],
    [
      key("aesgcm", "[]"),
      "resources[0].providers[0].aesgcm.keys: Required value: at least one key is required",
    ],
    [
      key("aesgcm", "[{name: a, secret: c2hvcnQ=}]"),
      'resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 5, expected one of [16 24 32]',
    ],
    [
      key("secretbox", `[{name: a, secret: "%%%"}]`),
      'resources[0].providers[0].secretbox.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded',
    ],
    [
      key("aescbc", `[{name: a, secret: ${SECRET}}, {name: a, secret: ${SECRET}}]`),
      'resources[0].providers[0].aescbc.keys[1].name: Duplicate value: "a"',
    ],
    [
      rule("[secrets]", "[{kms: {apiVersion: v1, name: a, endpoint: 'unix:///a'}}]"),
      "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.",
    ],
    [
      rule("[secrets]", "[{kms: {apiVersion: v2, name: a, endpoint: 'tcp://a'}}]"),
      'resources[0].providers[0].kms.endpoint: Invalid value: "tcp://a": must be a unix socket, as unix:///path',
    ],
    [rule("[secrets]", "[{rot13: {}}]"), 'resources[0].providers[0]: unknown field "rot13"'],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => readEncryptionConfig(text), { message }, text);
  }
});
