import assert from "node:assert/strict";
import type { AuthorizationAttributes, UserInfo } from "../ports.ts";
import { Impersonation } from "./mod.ts";

const USER: UserInfo = { username: "deputy", groups: ["system:authenticated"] };
const AGENT: UserInfo = {
  username: "system:serviceaccount:ns:agent",
  groups: [],
  extra: { "authentication.kubernetes.io/node-name": ["n1"] },
};

const listPods = (user: UserInfo): AuthorizationAttributes => ({
  user,
  verb: "list",
  isResourceRequest: true,
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  namespace: "ns",
  name: "",
  path: "",
});

/** Who may do what is in `rights`, each `verb resource.group namespace/name`; a star is everything. */
async function run(headers: Record<string, string>, rights: readonly string[], user = USER) {
  const asked: string[] = [];
  const impersonation = new Impersonation({
    authorize({ verb, group, resource, subresource, namespace, name }) {
      const target = subresource === "" ? resource : `${resource}/${subresource}`;
      const question = `${verb} ${target}.${group} ${namespace}/${name}`;
      asked.push(question);
      const allowed = rights.some((right) =>
        right === question || (right.endsWith("*") && question.startsWith(right.slice(0, -1)))
      );
      return { allowed, reason: "" };
    },
  });
  try {
    return { asked, user: await impersonation.userOf(new Headers(headers), user, listPods) };
  } catch (error) {
    return { asked, refused: (error as Error).message };
  }
}

const BOB = { "impersonate-user": "bob" };
const FULL = {
  ...BOB,
  "impersonate-group": "a, b",
  "impersonate-uid": "7",
  "impersonate-extra-acme.com%2fproject": "x",
};

Deno.test("nobody else is asked for, or nobody at all", async () => {
  assert.deepEqual(await run({}, []), { asked: [], user: USER });
  assert.deepEqual(await run({ "impersonate-group": "a" }, ["*"]), {
    asked: [],
    refused: 'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"a"}, ' +
      "Extra:map[string][]string(nil)} without impersonating a user name",
  });
});

Deno.test("the older right is for each part of the other", async () => {
  const { user, asked } = await run(FULL, ["impersonate *"]);
  assert.deepEqual(user, {
    username: "bob",
    uid: "7",
    groups: ["a", "b", "system:authenticated"],
    extra: { "acme.com/project": ["x"] },
  });
  assert.deepEqual(asked, [
    "impersonate-on:user-info:list pods. ns/",
    "impersonate users. /bob",
    "impersonate uids.authentication.k8s.io /7",
    "impersonate groups. /a",
    "impersonate groups. /b",
    "impersonate userextras/acme.com/project.authentication.k8s.io /x",
  ]);
  const account = await run({ "impersonate-user": "system:serviceaccount:ns:sa" }, [
    "impersonate serviceaccounts. ns/sa",
  ]);
  assert.deepEqual(account.user?.groups, [
    "system:serviceaccounts",
    "system:serviceaccounts:ns",
    "system:authenticated",
  ]);
  const anonymous = await run({ "impersonate-user": "system:anonymous" }, ["*"]);
  assert.deepEqual(anonymous.user?.groups, ["system:unauthenticated"]);
});

Deno.test("the newer rights are for one action, and for one sort of user", async () => {
  const on = "impersonate-on:user-info:list pods. ns/";
  const users = "impersonate:user-info users.authentication.k8s.io /bob";
  const groups = "impersonate:user-info groups.authentication.k8s.io /*";
  assert.deepEqual((await run(BOB, [on, users])).user, {
    username: "bob",
    groups: ["system:authenticated"],
  });
  assert.equal(
    (await run(BOB, [users])).refused,
    'pods is forbidden: User "deputy" cannot impersonate-on:user-info:list resource "pods" in API group "" in the ' +
      'namespace "ns"',
  );
  assert.equal(
    (await run(BOB, [on])).refused,
    'users.authentication.k8s.io "bob" is forbidden: User "deputy" cannot impersonate:user-info resource "users" in ' +
      'API group "authentication.k8s.io" at the cluster scope',
  );
  const many = { ...BOB, "impersonate-group": "a, b, c, d" };
  const all = await run(many, [on, users, "impersonate:user-info groups.authentication.k8s.io /*"]);
  assert.equal(all.asked.filter((one) => one.includes("groups.")).length, 1);
  const masters = { ...BOB, "impersonate-group": "system:masters" };
  assert.match((await run(masters, [on, users, groups])).refused ?? "", /group is not allowed$/);
  assert.ok((await run(masters, ["impersonate *"])).user);
});

Deno.test("nodes and accounts are others than users", async () => {
  const node = { "impersonate-user": "system:node:n1" };
  const nobody = ["impersonate-on:user-info:*", "impersonate:user-info *"];
  assert.match((await run(node, nobody)).refused ?? "", /impersonate-on:arbitrary-node:list/);
  const arbitrary = await run(node, [
    "impersonate-on:arbitrary-node:list pods. ns/",
    "impersonate:arbitrary-node nodes.authentication.k8s.io /n1",
  ]);
  assert.deepEqual(arbitrary.user, {
    username: "system:node:n1",
    groups: ["system:nodes", "system:authenticated"],
  });
  const associated = [
    "impersonate-on:associated-node:list pods. ns/",
    "impersonate:associated-node nodes.authentication.k8s.io /*",
  ];
  assert.equal((await run(node, associated, AGENT)).user?.username, "system:node:n1");
  assert.ok((await run(node, associated)).refused, "not a pod of the node");
  const other = { "impersonate-user": "system:node:n2" };
  assert.ok((await run(other, associated, AGENT)).refused, "another node");
  const grouped = { ...node, "impersonate-group": "a" };
  assert.ok((await run(grouped, associated, AGENT)).refused, "more than a node is");
});
