import assert from "node:assert/strict";
import type { Container, Node, Pod, Secret } from "../api/mod.ts";
import { containerSecurity } from "./container_security.ts";
import { fieldValue, resourceValue } from "./downward_api.ts";
import { expand } from "./expansion.ts";
import { testPod } from "./fake_node.ts";
import { hostNetworkHostsFile, hostsFile, podHostName } from "./host_names.ts";
import { pullPolicy } from "./image_puller.ts";
import { refusal } from "./pod_admission.ts";
import { containerResources, podRequest, qosClass } from "./pod_resources.ts";
import { milliValue, quantityValue } from "./quantity.ts";
import { registryAuth, registryOf } from "./registry_auth.ts";
import { parseResolver, podResolver, resolverText } from "./resolver_file.ts";
import { serviceEnvironment } from "./service_environment.ts";
import { hollowScript } from "./hollow/script.ts";

const expansions: [string, string][] = [
  ["$(A)", "1"],
  ["x$(A)y$(B)", "x1y2"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$1"],
  ["$(C)", "$(C)"],
  ["$(A", "$(A"],
  ["$A", "$A"],
  ["a$", "a$"],
  ["$()", "$()"],
];

for (const [text, expected] of expansions) {
  Deno.test(`expand makes ${expected} of ${text}`, () => {
    assert.equal(expand(text, (name) => ({ A: "1", B: "2" })[name]), expected);
  });
}

Deno.test("quantities have their values", () => {
  const cases: [string, number][] = [
    ["1", 1],
    ["100m", 0.1],
    ["1Ki", 1024],
    ["2Gi", 2 ** 31],
    ["1e3", 1000],
    ["1k", 1000],
    ["0.5", 0.5],
    ["x", 0],
    ["", 0],
  ];
  for (const [text, value] of cases) assert.equal(quantityValue(text), value, text);
  assert.equal(milliValue("250m"), 250);
  assert.equal(milliValue("2"), 2000);
});

const resources = (
  requests?: Record<string, string>,
  limits?: Record<string, string>,
): Container => ({
  name: "c",
  resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) },
});

Deno.test("qosClass and the kernel's share follow requests and limits", () => {
  const both = { cpu: "500m", memory: "1Gi" };
  const cases: [Container, string, number][] = [
    [resources(), "BestEffort", 1000],
    [resources(both, both), "Guaranteed", -997],
    [resources({ memory: "1Gi" }), "Burstable", 875],
    [resources(undefined, both), "Guaranteed", -997],
    [resources({ cpu: "1" }, both), "Burstable", 999],
  ];
  for (const [container, qos, score] of cases) {
    const pod = testPod("p", { containers: [container] });
    assert.equal(qosClass(pod), qos);
    assert.equal(containerResources(pod, container, 8 * 2 ** 30).oomScoreAdjust, score);
  }
  const given = containerResources(
    testPod("p", { containers: [resources(both, both)] }),
    resources(both, both),
    2 ** 33,
  );
  assert.equal(given.cpuShares, 512);
  assert.equal(given.cpuQuotaMicroseconds, 50_000);
  assert.equal(given.memoryLimitBytes, 2 ** 30);
});

Deno.test("podRequest takes the larger of the init phase and the main containers, sidecars in both", () => {
  const cpu = (cpu: string, more: Container = {}): Container => ({
    ...resources({ cpu }),
    ...more,
  });
  const pod = testPod("p", {
    initContainers: [cpu("1", { restartPolicy: "Always" }), cpu("3")],
    containers: [cpu("1"), cpu("500m")],
  });
  assert.equal(podRequest(pod, "cpu"), 4);
});

Deno.test("refusal checks affinity, ports and room", () => {
  const node: Node = {
    metadata: { name: "node-1", labels: { zone: "a" } },
    status: { allocatable: { cpu: "2", memory: "1Gi", pods: "2" } },
  };
  const port = (hostPort: number) =>
    testPod("p", { containers: [{ name: "c", ports: [{ hostPort, containerPort: 1 }] }] });
  const reason = (pod: Pod, others: Pod[] = []) => refusal(pod, node, others)?.reason;
  assert.equal(reason(testPod("p", { nodeSelector: { zone: "a" }, containers: [] })), undefined);
  assert.equal(
    reason(testPod("p", { nodeSelector: { zone: "b" }, containers: [] })),
    "NodeAffinity",
  );
  assert.equal(reason(port(80), [port(80)]), "NodePorts");
  assert.equal(reason(port(81), [port(80)]), undefined);
  assert.equal(reason(port(81), [port(80), port(79)]), "OutOfpods");
  const big = testPod("p", { containers: [resources({ memory: "1Gi" })] });
  assert.equal(reason(big), undefined);
  assert.match(
    refusal(big, node, [big])?.message ?? "",
    /requested: 1073741824, used: 1073741824, capacity: 1073741824/,
  );
  const affinity = (operator: string, values: string[]) =>
    testPod("p", {
      containers: [],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator, values }] }],
          },
        },
      },
    });
  assert.equal(reason(affinity("In", ["node-1"])), undefined);
  assert.equal(reason(affinity("NotIn", ["node-1"])), "NodeAffinity");
});

Deno.test("serviceEnvironment writes the links of its namespace and of the API server", () => {
  const service = (namespace: string, name: string, clusterIP: string) => ({
    metadata: { namespace, name },
    spec: { clusterIP, ports: [{ port: 80, name: "my-web" }, { port: 53, protocol: "UDP" }] },
  });
  const all = [
    service("default", "kubernetes", "10.0.0.1"),
    service("ns", "my-db", "10.0.0.2"),
    service("other", "hidden", "10.0.0.3"),
    service("ns", "headless", "None"),
  ];
  const env = serviceEnvironment(all, "ns", true);
  assert.equal(env.get("KUBERNETES_SERVICE_HOST"), "10.0.0.1");
  assert.equal(env.get("MY_DB_SERVICE_PORT_MY_WEB"), "80");
  assert.equal(env.get("MY_DB_PORT"), "tcp://10.0.0.2:80");
  assert.equal(env.get("MY_DB_PORT_53_UDP"), "udp://10.0.0.2:53");
  assert.ok(![...env.keys()].some((key) => key.startsWith("HIDDEN") || key.startsWith("HEADLESS")));
  assert.deepEqual(
    [...serviceEnvironment(all, "ns", false).keys()].filter((key) => key.startsWith("MY")),
    [],
  );
});

Deno.test("the downward API gives fields and resources", () => {
  const pod = testPod("p", { containers: [resources({ cpu: "250m" }, { memory: "64Mi" })] }, {
    labels: { b: "2", a: 'x"y' },
    uid: "u",
  });
  const facts = { podIPs: ["1.1.1.1", "::1"], hostIPs: ["9.9.9.9"], allocatable: { cpu: "4" } };
  const cases: [string, string | undefined][] = [
    ["metadata.labels", 'a="x\\"y"\nb="2"'],
    ["metadata.labels['b']", "2"],
    ["metadata.annotations['none']", ""],
    ["metadata.uid", "u"],
    ["status.podIPs", "1.1.1.1,::1"],
    ["status.hostIP", "9.9.9.9"],
    ["spec.containers", undefined],
  ];
  for (const [path, value] of cases) assert.equal(fieldValue(pod, path, facts), value, path);
  const resource = (resource: string, divisor = "") =>
    resourceValue(pod, {}, { containerName: "c", resource, divisor }, facts);
  assert.equal(resource("requests.cpu"), "1");
  assert.equal(resource("requests.cpu", "1m"), "250");
  assert.equal(resource("limits.cpu"), "4");
  assert.equal(resource("limits.memory", "1Mi"), "64");
});

Deno.test("podResolver follows the DNS policy", () => {
  const node = parseResolver(
    "nameserver 8.8.8.8\nsearch corp.example .\noptions ndots:1 timeout:2\n",
  );
  const resolve = (spec: Pod["spec"]) =>
    resolverText(
      podResolver(testPod("p", { containers: [], ...spec }), node, ["10.96.0.10"], "cluster.local"),
    );
  const cluster =
    "search default.svc.cluster.local svc.cluster.local cluster.local corp.example\n" +
    "nameserver 10.96.0.10\noptions ndots:5\n";
  const own = "search corp.example\nnameserver 8.8.8.8\noptions ndots:1 timeout:2\n";
  assert.equal(resolve({}), cluster);
  assert.equal(resolve({ hostNetwork: true }), own);
  assert.equal(resolve({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), cluster);
  assert.equal(
    resolve({ dnsPolicy: "Default", dnsConfig: { options: [{ name: "ndots", value: "3" }] } }),
    own.replace("ndots:1", "ndots:3"),
  );
  assert.equal(
    resolve({ dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"] } }),
    "nameserver 1.1.1.1\n",
  );
  const many = podResolver(
    testPod("p", { containers: [], dnsConfig: { nameservers: ["1.1.1.1", "2.2.2.2", "3.3.3.3"] } }),
    node,
    ["10.96.0.10"],
    "cluster.local",
  );
  assert.equal(many.nameservers.length, 3);
  assert.equal(many.problems[0]?.reason, "DNSConfigForming");
  assert.equal(
    podResolver(testPod("p", { containers: [] }), node, [], "c").problems[0]?.reason,
    "MissingClusterDNS",
  );
});

Deno.test("podHostName and hosts files", () => {
  const name = (spec: Pod["spec"], podName = "p") =>
    podHostName(testPod(podName, { containers: [], ...spec }), "cluster.local");
  assert.deepEqual(name({}), { hostname: "p" });
  assert.deepEqual(name({ subdomain: "s" }), {
    hostname: "p",
    fqdn: "p.s.default.svc.cluster.local",
  });
  assert.equal(name({}, "a".repeat(62) + "-b").hostname, "a".repeat(62));
  assert.equal(
    name({ subdomain: "s", setHostnameAsFQDN: true }).hostname,
    "p.s.default.svc.cluster.local",
  );
  assert.throws(() => name({ subdomain: "s".repeat(60), setHostnameAsFQDN: true }), /too long/);
  const aliases = [{ ip: "1.2.3.4", hostnames: ["a", "b"] }];
  assert.ok(
    hostsFile(["10.1.0.1"], "p", undefined, aliases).endsWith(
      "10.1.0.1\tp\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n",
    ),
  );
  assert.ok(
    hostNetworkHostsFile("127.0.0.1 x\n", []).startsWith(
      "# Kubernetes-managed hosts file (host network).\n127.0.0.1 x\n",
    ),
  );
});

Deno.test("containerSecurity merges, and holds runAsNonRoot", () => {
  const image = { id: "i", repoTags: [], repoDigests: [], sizeBytes: 1 };
  const pod = testPod("p", {
    containers: [],
    securityContext: {
      runAsUser: 1,
      fsGroup: 7,
      supplementalGroups: [5],
      seccompProfile: { type: "RuntimeDefault" },
    },
  });
  const security = containerSecurity(pod, { name: "c", securityContext: { runAsUser: 2 } }, image);
  assert.equal(security.runAsUser, 2);
  assert.deepEqual(security.supplementalGroups, [5, 7]);
  assert.equal(security.seccompProfile, "RuntimeDefault");
  const nonRoot = (user: string | undefined, runAsUser?: number) =>
    containerSecurity(
      testPod("p", { containers: [] }),
      {
        name: "c",
        securityContext: { runAsNonRoot: true, ...(runAsUser === undefined ? {} : { runAsUser }) },
      },
      { ...image, ...(user === undefined ? {} : { user }) },
    );
  assert.throws(
    () => nonRoot(undefined),
    /^SetupError: container has runAsNonRoot and image will run as root/,
  );
  assert.throws(() => nonRoot("web"), /non-numeric user \(web\)/);
  assert.throws(() => nonRoot("1", 0), /container's runAsUser breaks non-root policy/);
  assert.equal(nonRoot("0", 9).runAsUser, 9);
  nonRoot("1000:1000");
});

Deno.test("images: pull policy, registry and credentials", () => {
  const policies: [string | undefined, string, string][] = [
    [undefined, "x", "Always"],
    [undefined, "x:latest", "Always"],
    [undefined, "x:1", "IfNotPresent"],
    [undefined, "host:5000/x", "Always"],
    [undefined, "x@sha256:ab", "IfNotPresent"],
    ["Never", "x", "Never"],
  ];
  for (const [given, image, policy] of policies) {
    assert.equal(pullPolicy(given, image), policy, image);
  }
  assert.equal(registryOf("busybox"), "docker.io");
  assert.equal(registryOf("team/busybox"), "docker.io");
  assert.equal(registryOf("r.example:5000/x"), "r.example:5000");
  const secret = (auths: unknown): Secret => ({
    data: { ".dockerconfigjson": btoa(JSON.stringify({ auths })) },
  });
  const secrets = [secret({
    "https://index.docker.io/v1/": { auth: btoa("me:pass:word") },
    "r.example": { username: "u", password: "p" },
    "r.example/team": { username: "team", password: "t" },
  })];
  assert.deepEqual(registryAuth(secrets, "busybox"), {
    username: "me",
    password: "pass:word",
    serverAddress: "docker.io",
  });
  assert.equal(registryAuth(secrets, "r.example/x")?.username, "u");
  assert.equal(registryAuth(secrets, "r.example/team/x")?.username, "team");
  assert.equal(registryAuth(secrets, "r.example.evil/x"), undefined);
  assert.equal(registryAuth([{ data: { ".dockerconfigjson": "%%%" } }], "x"), undefined);
});

Deno.test("hollowScript reads what an image shall do", () => {
  const cases: [string, unknown][] = [
    ["x", {}],
    ["x:1", {}],
    ["x:exit-0", { exit: { code: 0, afterMilliseconds: 0 } }],
    ["x:exit-3-after-2s", { exit: { code: 3, afterMilliseconds: 2000 } }],
    ["x:exit-3-after-20ms", { exit: { code: 3, afterMilliseconds: 20 } }],
    ["x:exit-x", {}],
    ["x:exit-1-after-x", {}],
  ];
  for (const [image, script] of cases) assert.deepEqual(hollowScript(image), script, image);
});
