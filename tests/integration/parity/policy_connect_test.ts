/** Policies and connections; what policies ask of the authorizer; how they are counted. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../components/base/mod.ts";
import { type Cases, type Step, type Surroundings, testCases } from "./parity_case.ts";
import { ParityServer } from "./parity_server.ts";
import { about, ADMISSION, apply, gone, mutating, patch, validating } from "./policy_steps.ts";
import { ruleFor } from "./webhook_steps.ts";

/** Answers a connection with what it is for. */
const open = (): Promise<Surroundings> =>
  Promise.resolve({
    names: {},
    more: {
      connect: () => (_request, { path }, _user, query) =>
        Promise.resolve(Response.json({ path, query: query.toString() })),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

const connections = (...subresources: string[]) => ({
  matchConstraints: about(ruleFor(subresources.map((each) => `pods/${each}`), ["CONNECT"])),
});
const CONNECTIONS = connections("exec", "portforward", "proxy");
const connect = (path: string, rest: Partial<Step>): Step => ({
  send: `GET pods/p/${path}`,
  code: 200,
  eventually: true,
  ...rest,
});

const CASES: Cases = {
  "a policy changes what a connection is for": [
    connect("exec?container=a&command=ls&command=-l&stdin=true", {
      has: { query: "container=a&command=ls&command=-l&stdin=true" },
    }),
    ...mutating("m", [
      patch('[JSONPatch{op: "add", path: "/container", value: "b"}]'),
      patch('has(object.tty) ? [JSONPatch{op: "remove", path: "/tty"}] : []'),
    ], CONNECTIONS),
    connect("exec?container=a&command=ls&command=-l&stdin=true&tty=1", {
      has: { query: "container=b&stdin=true&command=ls&command=-l" },
    }),
    ...gone("mutating", "m"),
    ...mutating(
      "m",
      [patch('[JSONPatch{op: "add", path: "/ports", value: [80, 81]}]')],
      connections("portforward"),
    ),
    connect("portforward?ports=1", { has: { query: "ports=80&ports=81" } }),
    ...gone("mutating", "m"),
    ...mutating(
      "m",
      [patch('[JSONPatch{op: "add", path: "/path", value: "safe"}]')],
      connections("proxy"),
    ),
    connect("proxy/a/b?x=y", {
      has: { path: "/api/v1/namespaces/$ns/pods/p/proxy/safe", query: "x=y" },
    }),
    ...gone("mutating", "m"),
  ],
  "a configuration has no connection to merge with": [
    ...mutating("m", [apply("Object{}")], CONNECTIONS),
    connect("exec?command=ls", {
      code: 403,
      message:
        "policy 'm' with binding 'm-b' denied request: error applying patch: failed to convert original object to typed object: " +
        "no corresponding type for /v1, Kind=PodExecOptions",
    }),
    ...gone("mutating", "m"),
  ],
  "a policy refuses a connection": [
    ...validating("v", {
      ...CONNECTIONS,
      validations: [{ expression: "object.container != 'secret'", message: "not there" }],
    }),
    connect("exec?container=secret&command=ls", {
      code: 422,
      message: `pods "p" is forbidden: ValidatingAdmissionPolicy 'v' with binding 'v-b' denied ` +
        "request: not there",
    }),
    connect("exec?container=a&command=ls", {}),
    ...gone("validating", "v"),
  ],
};

testCases("policies of connections", CASES, open);

Deno.test("parity: policies ask with selectors, and are counted", async () => {
  await using server = await ParityServer.open();
  await server.openNamespace("n");
  const send = (path: string, body: JsonObject | undefined, user: string) => {
    const node = { username: user, groups: ["system:nodes", "system:authenticated"] };
    const admin = { username: user, groups: ["system:masters"] };
    const request = new Request(`http://server${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: { "content-type": "application/json" },
    });
    return server.server.handle(request, {
      address: "test",
      user: user === "admin" ? admin : node,
    });
  };
  const list = "authorizer.group('').resource('pods')";
  const policy = {
    metadata: { name: "p" },
    spec: {
      matchConstraints: about(ruleFor("events", ["CREATE"])),
      validations: [
        { expression: `!${list}.check('list').allowed()` },
        { expression: `${list}.fieldSelector('spec.nodeName=a').check('list').allowed()` },
      ],
    },
  };
  const binding = {
    metadata: { name: "b" },
    spec: { policyName: "p", validationActions: ["Deny", "Audit"] },
  };
  for (const [kind, body] of [["policies", policy], ["policybindings", binding]] as const) {
    const made = await send(`${ADMISSION}/validatingadmission${kind}`, body, "admin");
    assert.equal(made.status, 201, await made.text());
  }
  await server.server.reader.fresh("admissionregistration.k8s.io", "validatingadmissionpolicies");
  const event = (node: string) =>
    send("/api/v1/namespaces/n/events", {
      metadata: { generateName: "e" },
      involvedObject: { kind: "Node", name: node, namespace: "n" },
      source: { component: "kubelet" },
    }, `system:node:${node}`);
  const mine = await event("a");
  assert.equal(mine.status, 201, await mine.text());
  const other = await event("b");
  assert.equal(other.status, 422, await other.text());
  const text = await (await send("/metrics", undefined, "admin")).text();
  const of = 'policy="p",policy_binding="b",error_type="no_error",enforcement_action=';
  for (const action of ["deny", "audit"]) {
    const line = `apiserver_validating_admission_policy_check_total{${of}"${action}"} 1`;
    assert.ok(text.includes(line), line);
  }
});
