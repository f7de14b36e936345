import assert from "node:assert/strict";
import { parseFlags } from "../flags.ts";
import { API_SERVER_FLAGS, apiServerArguments, apiServerFlags } from "./api_server_flags.ts";

Deno.test("the API server's flags are settings, and go on to another process", () => {
  const flags = parseFlags(API_SERVER_FLAGS, [
    "--enable-admission-plugins=AlwaysPullImages,NamespaceExists",
    "--authorization-mode",
    "Node,RBAC",
    "--authentication-config=/etc/authn.yaml",
    "--anonymous-auth=false",
    "--api-audiences=a,,b",
  ]);
  assert.deepEqual(apiServerFlags(flags), {
    enableAdmissionPlugins: ["AlwaysPullImages", "NamespaceExists"],
    authorizationMode: ["Node", "RBAC"],
    authenticationConfig: "/etc/authn.yaml",
    anonymousAuth: "false",
    apiAudiences: ["a", "b"],
  });
  assert.deepEqual(
    apiServerFlags(parseFlags(API_SERVER_FLAGS, apiServerArguments(flags))),
    apiServerFlags(flags),
  );
  const relative = parseFlags(API_SERVER_FLAGS, ["--token-auth-file=tokens.csv"]);
  assert.match(apiServerArguments(relative).join(), /^--token-auth-file=\/.*\/tokens\.csv$/);
});
