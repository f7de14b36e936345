import assert from "node:assert/strict";
import { cloneJson, FakeClock } from "../../base/mod.ts";
import type {
  ClusterRole,
  ConfigMap,
  EndpointSlice,
  KubeObject,
  RoleBinding,
  Service,
} from "../../api/served.ts";
import { BUILTIN_KINDS } from "../../api/served.ts";
import { RBAC_GROUP } from "../authz/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import { bootstrapCluster } from "./mod.ts";
import { mendBinding, mendRole, parseRule } from "./roles.ts";
import { FRONT_PROXY_HEADERS } from "../authn/mod.ts";

function setup() {
  const objects = new FakeObjects();
  const writes: string[] = [];
  const log = (verb: string, resource: string, { metadata }: KubeObject) =>
    writes.push(`${verb} ${resource} ${metadata?.name}`);
  const options = {
    reader: objects,
    writer: {
      create: <T extends KubeObject>(group: string, resource: string, object: T) => {
        log("create", resource, object);
        return objects.create(group, resource, object);
      },
      update: <T extends KubeObject>(group: string, resource: string, object: T) => {
        log("update", resource, object);
        return objects.update(group, resource, object);
      },
      delete: (group: string, resource: string, namespace: string, name: string) => {
        log("delete", resource, { metadata: { name } });
        return objects.delete(group, resource, namespace, name);
      },
    },
    clock: new FakeClock(),
    endpoint: { addresses: ["10.88.0.1"], port: 6443, clusterIp: "10.0.0.1" },
    serviceCidrs: ["10.0.0.0/24"],
    authentication: {
      clientAuthority: "CA",
      frontProxies: {
        ...FRONT_PROXY_HEADERS,
        authority: "FP",
        allowedNames: ["front-proxy-client"],
      },
    },
    localVersions: [{ group: "", version: "v1" }, { group: "apps", version: "v1" }],
  };
  return { objects, writes, options };
}

Deno.test("bootstrapCluster makes what upstream's first start makes", async () => {
  const { objects, options, writes } = setup();
  const done: string[] = [];
  await bootstrapCluster(options, (step) => done.push(step));
  const count = (group: string, resource: string) => objects.list(group, resource).length;
  assert.deepEqual({
    namespaces: count("", "namespaces"),
    clusterroles: count(RBAC_GROUP, "clusterroles"),
    clusterrolebindings: count(RBAC_GROUP, "clusterrolebindings"),
    roles: count(RBAC_GROUP, "roles"),
    rolebindings: count(RBAC_GROUP, "rolebindings"),
    priorityclasses: count("scheduling.k8s.io", "priorityclasses"),
    flowschemas: count("flowcontrol.apiserver.k8s.io", "flowschemas"),
    levels: count("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
    apiservices: count("apiregistration.k8s.io", "apiservices"),
    configmaps: count("", "configmaps"),
  }, {
    namespaces: 4,
    clusterroles: 69,
    clusterrolebindings: 50,
    roles: 7,
    rolebindings: 7,
    priorityclasses: 2,
    flowschemas: 11,
    levels: 8,
    apiservices: 2,
    configmaps: 2,
  });
  assert.deepEqual(writes.slice(0, 4), [
    "create namespaces default",
    "create namespaces kube-system",
    "create namespaces kube-public",
    "create namespaces kube-node-lease",
  ]);
  assert.equal(done[0], "start-system-namespaces-controller");
  assert.equal(done.length, 8);
  const service = objects.get<Service>("", "services", "default", "kubernetes");
  assert.equal(service?.spec?.clusterIP, "10.0.0.1");
  const slice = objects.get<EndpointSlice>(
    "discovery.k8s.io",
    "endpointslices",
    "default",
    "kubernetes",
  );
  assert.deepEqual(slice?.endpoints?.[0]?.addresses, ["10.88.0.1"]);
  const info = objects.get<ConfigMap>(
    "",
    "configmaps",
    "kube-system",
    "extension-apiserver-authentication",
  );
  assert.equal(info?.data?.["requestheader-allowed-names"], '["front-proxy-client"]');
});

Deno.test("a second start writes nothing, and mends only what was changed", async () => {
  const { objects, options, writes } = setup();
  await bootstrapCluster(options);
  writes.length = 0;
  await bootstrapCluster(options);
  assert.deepEqual(writes, []);
  objects.remove(RBAC_GROUP, "clusterroles", "", "view");
  const discovery = objects.get<ClusterRole>(RBAC_GROUP, "clusterroles", "", "system:discovery")!;
  objects.put(RBAC_GROUP, "clusterroles", { ...discovery, rules: [] });
  const binding = objects.get<RoleBinding>(RBAC_GROUP, "clusterrolebindings", "", "cluster-admin")!;
  objects.put(RBAC_GROUP, "clusterrolebindings", {
    ...binding,
    roleRef: { ...binding.roleRef, name: "view" },
  });
  const moved = { ...options, endpoint: { ...options.endpoint, addresses: ["10.88.0.2"] } };
  await bootstrapCluster(moved);
  assert.deepEqual(writes.sort(), [
    "create clusterrolebindings cluster-admin",
    "create clusterroles view",
    "delete clusterrolebindings cluster-admin",
    "update clusterroles system:discovery",
    "update endpoints kubernetes",
    "update endpointslices kubernetes",
  ]);
  const mended = objects.get<ClusterRole>(RBAC_GROUP, "clusterroles", "", "system:discovery");
  assert.deepEqual(mended?.rules?.[0]?.verbs, ["get"]);
});

Deno.test("parseRule reads a line of the table", () => {
  assert.deepEqual(parseRule("get,list core,apps pods,pods/log x,y"), {
    verbs: ["get", "list"],
    apiGroups: ["", "apps"],
    resources: ["pods", "pods/log"],
    resourceNames: ["x", "y"],
  });
  assert.deepEqual(parseRule("get URL /api,/api/*"), {
    verbs: ["get"],
    nonResourceURLs: ["/api", "/api/*"],
  });
});

Deno.test("mending adds what is missing and takes nothing away", () => {
  const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "true" };
  const kept = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
  const extra = parseRule("delete core pods");
  const wanted = parseRule("get core pods");
  const desired = { metadata: { name: "r", annotations }, rules: [wanted] };
  const existing = { metadata: { name: "r" }, rules: [extra] };
  assert.deepEqual(mendRole(existing, desired)?.rules, [extra, wanted]);
  assert.equal(mendRole({ ...existing, metadata: { annotations: kept } }, desired), undefined);
  assert.deepEqual(
    mendRole({ metadata: {}, rules: [wanted] }, desired)?.metadata?.annotations,
    annotations,
  );
  const aggregate = {
    metadata: { name: "r", annotations },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "true" } }] },
  };
  const filled = { ...aggregate, metadata: { labels: {}, annotations }, rules: [extra] };
  assert.equal(mendRole(filled, aggregate), undefined);
  const subject = (name: string) => ({ kind: "User", name });
  const binding = { metadata: { annotations }, subjects: [subject("a")] };
  const bound = { metadata: { labels: {}, annotations }, subjects: [subject("b")] };
  assert.deepEqual(mendBinding(bound, binding)?.subjects, [subject("b"), subject("a")]);
  assert.equal(mendBinding(binding, { ...binding, subjects: [] }), undefined);
});

Deno.test("everything a cluster starts with is valid, and is what was meant after defaults", async () => {
  const { objects, options } = setup();
  const create = options.writer.create;
  options.writer.create = <T extends KubeObject>(group: string, resource: string, object: T) => {
    const definition = BUILTIN_KINDS.find((one) => one.group === group && one.plural === resource);
    assert.ok(definition, resource);
    const next = cloneJson(object);
    definition.applyDefaults(next);
    definition.strategy.prepareForCreate(next);
    assert.deepEqual(
      definition.strategy.validateCreate(next),
      [],
      `${resource} ${next.metadata?.name}`,
    );
    return create(group, resource, next);
  };
  await bootstrapCluster(options);
  const writes: string[] = [];
  options.writer.update = (_group, resource, object) => {
    writes.push(`${resource} ${object.metadata?.name}`);
    return Promise.resolve(object);
  };
  await bootstrapCluster(options);
  // The fake store has no strategy that keeps the status, so what writes one would do it again.
  assert.deepEqual(writes.filter((write) => !/^(apiservices|servicecidrs) /.test(write)), []);
  assert.ok(objects.list("", "namespaces").length === 4);
});
