import assert from "node:assert/strict";
import { type ApiServerFlags, readApiServerSettings } from "./api_server_settings.ts";
import { parseTokenFile } from "./authentication_files.ts";

const OWN = ["https://kubernetes.default.svc.cluster.local"];
const KIND = "apiVersion: apiserver.config.k8s.io/v1\nkind: ";

/** Files by their names, in a folder that goes again. */
async function withFiles(
  files: Record<string, string>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "settings-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ISSUER = `jwt: [{issuer: {url: "https://i", audiences: [a]}, ` +
  `claimMappings: {username: {claim: sub, prefix: ""}}}]`;

Deno.test("readApiServerSettings() reads what the flags name", async () => {
  await withFiles({
    "admission.yaml":
      `${KIND}AdmissionConfiguration\nplugins: [{name: PodSecurity, path: ps.yaml}]\n`,
    "ps.yaml": "{exemptions: {namespaces: [a]}}",
    "authn.yaml": `${KIND}AuthenticationConfiguration\n${ISSUER}\n`,
    "authz.yaml": `${KIND}AuthorizationConfiguration\nauthorizers: [{type: RBAC, name: r}]\n`,
    "tokens.csv": 'secret,jane,7,"a,b"\n',
    "proxies.crt": "-----BEGIN CERTIFICATE-----\n",
    "proxy.key": "key",
  }, async (folder) => {
    const settings = await readApiServerSettings({
      enableAdmissionPlugins: ["AlwaysPullImages"],
      admissionControlConfigFile: `${folder}/admission.yaml`,
      authenticationConfig: `${folder}/authn.yaml`,
      authorizationConfig: `${folder}/authz.yaml`,
      tokenAuthFile: `${folder}/tokens.csv`,
      anonymousAuth: "false",
      serviceAccountIssuer: ["https://new", "https://old"],
      requestheaderClientCaFile: `${folder}/proxies.crt`,
      requestheaderUsernameHeaders: ["X-Login"],
      proxyClientCertFile: `${folder}/proxies.crt`,
      proxyClientKeyFile: `${folder}/proxy.key`,
    }, OWN);
    assert.deepEqual(settings.authentication?.frontProxies, {
      authority: "-----BEGIN CERTIFICATE-----\n",
      allowedNames: [],
      usernameHeaders: ["X-Login"],
      uidHeaders: ["X-Remote-Uid"],
      groupHeaders: ["X-Remote-Group"],
      extraPrefixes: ["X-Remote-Extra-"],
    });
    assert.equal(settings.proxyClient?.key, "key");
    assert.deepEqual(settings.admission, {
      enable: ["AlwaysPullImages"],
      disable: [],
      plugins: new Map([["PodSecurity", { exemptions: { namespaces: ["a"] } }]]),
    });
    assert.equal(settings.authentication?.configuration?.jwt[0]?.url, "https://i");
    assert.equal(settings.authentication?.anonymous, false);
    assert.deepEqual(settings.authorization?.authorizers, [{ type: "RBAC" }]);
    assert.deepEqual(settings.tokens?.get("secret")?.groups, ["a", "b"]);
    assert.deepEqual([settings.issuer, settings.olderIssuers], ["https://new", ["https://old"]]);
  });
  const plain = await readApiServerSettings({}, OWN);
  assert.equal(plain.authorization, undefined);
  assert.deepEqual(plain.authentication, {});
});

Deno.test("readApiServerSettings() says what is wrong", async () => {
  await withFiles({
    "authn.yaml": `${KIND}AuthenticationConfiguration\nanonymous: {enabled: true}\n`,
    "own.yaml": `${KIND}AuthenticationConfiguration\n${ISSUER.replace("https://i", OWN[0]!)}\n`,
    "authz.yaml": `${KIND}AuthorizationConfiguration\nauthorizers: []\n`,
  }, async (folder) => {
    const cases: [ApiServerFlags, RegExp][] = [
      [{ admissionControlConfigFile: `${folder}/none` }, /none: /],
      [{ enableAdmissionPlugins: ["X"] }, /"X" is unknown/],
      [{ authenticationConfig: `${folder}/authn.yaml`, anonymousAuth: "true" }, /--anonymous-auth/],
      [
        { authenticationConfig: `${folder}/authn.yaml`, oidcIssuerUrl: "https://i" },
        /mutually exclusive/,
      ],
      [{ authenticationConfig: `${folder}/own.yaml` }, /must not overlap with disallowed issuers/],
      [{ oidcIssuerUrl: "https://i" }, /must be specified together/],
      [
        { oidcIssuerUrl: "https://i", oidcClientId: "a", oidcRequiredClaim: ["x"] },
        /oidc-required-claim/,
      ],
      [
        { oidcIssuerUrl: "https://i", oidcClientId: "a", oidcSigningAlgs: ["HS256"] },
        /unsupported signing algorithm "HS256"/,
      ],
      [{ authorizationConfig: `${folder}/authz.yaml` }, /at least one authorization mode/],
      [
        { authorizationConfig: `${folder}/authz.yaml`, authorizationMode: ["RBAC"] },
        /can not be specified when --authorization-mode/,
      ],
      [{ requestheaderClientCaFile: `${folder}/authz.yaml` }, /does not contain any valid/],
      [{ requestheaderAllowedNames: ["a"] }, /without --requestheader-client-ca-file/],
      [{ requestheaderGroupHeaders: [" "] }, /empty value in "requestheader-group-headers"/],
      [{ requestheaderUidHeaders: ["a b"] }, /"a b" is no name of a header/],
      [{ proxyClientKeyFile: `${folder}/authz.yaml` }, /must be specified together/],
      [{ authorizationMode: ["Webhook"] }, /authorization config file not passed/],
    ];
    for (const [flags, message] of cases) {
      await assert.rejects(readApiServerSettings(flags, OWN), { name: "StartError", message });
    }
  });
});

Deno.test("parseTokenFile() reads users by token", () => {
  const users = parseTokenFile('# who\nt1,jane,1\n\nt2, john ,2,"a, b"\nt3,joe,,c\n', "f");
  assert.deepEqual([...users], [
    ["t1", { username: "jane", uid: "1", groups: [] }],
    ["t2", { username: "john", uid: "2", groups: ["a", "b"] }],
    ["t3", { username: "joe", groups: ["c"] }],
  ]);
  assert.throws(() => parseTokenFile("t1\n", "f"), { message: /^f:1: / });
});
