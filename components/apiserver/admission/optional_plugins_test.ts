import assert from "node:assert/strict";
import {
  cloneJson,
  FakeClock,
  type JsonObject,
  type JsonValue,
  seededRandom,
} from "../../base/mod.ts";
import { builtinKind, type KubeObject, type Pod, type PodSpec } from "../../api/served.ts";
import { RBAC_GROUP, RbacAuthorizer } from "../authz/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { AdmissionRequest } from "../ports.ts";
import type { WebhookEndpoint } from "../review_webhook.ts";
import { bothPasses } from "./both_passes.ts";
import { admissionPlugins, readAdmissionConfiguration } from "./mod.ts";

/** A cluster in which one plugin runs alone beside those that always do. */
function alone(name: string, configuration?: JsonValue, endpoint?: WebhookEndpoint) {
  const objects = new FakeObjects();
  objects.put("", "namespaces", { metadata: { name: "ns" } });
  const rbac = new RbacAuthorizer();
  rbac.start(objects);
  const clock = new FakeClock();
  const plugin = admissionPlugins({
    reader: objects,
    writer: objects,
    authorizer: rbac,
    rbac,
    clock,
    random: seededRandom(1),
    kindOf: (group, version, kind) => builtinKind({ group, version, kind }),
  }, {
    enable: [name],
    disable: [],
    plugins: new Map(configuration === undefined ? [] : [[name, configuration]]),
    ...(endpoint === undefined ? {} : { endpoints: new Map([["/k", endpoint]]) }),
  }).find((one) => one.name === name);
  assert.ok(plugin);
  return { objects, clock, plugin };
}

function write(kind: string, object: KubeObject, change: Partial<AdmissionRequest> = {}) {
  const definition = builtinKind({ group: "", version: "v1", kind });
  assert.ok(definition);
  return {
    operation: "CREATE" as const,
    definition,
    subresource: "",
    namespace: definition.namespaced ? "ns" : "",
    name: object.metadata?.name ?? "",
    object: cloneJson(object),
    oldObject: undefined,
    user: { username: "u", groups: [] },
    dryRun: false,
    warn: () => {},
    ...change,
  };
}

const run = ({ plugin }: ReturnType<typeof alone>, request: AdmissionRequest) =>
  bothPasses([plugin], request);

const pod = (spec: PodSpec = {}): Pod => ({
  metadata: { name: "p", namespace: "ns" },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});
const specOf = (result: unknown): PodSpec => (result as Pod).spec ?? {};

Deno.test("AlwaysPullImages pulls, and leaves changes without new images alone", async () => {
  const cluster = alone("AlwaysPullImages");
  const made = await run(
    cluster,
    write("Pod", pod({ volumes: [{ name: "v", image: { reference: "r" } }] })),
  );
  assert.equal(specOf(made).containers?.[0]?.imagePullPolicy, "Always");
  assert.equal(specOf(made).volumes?.[0]?.image?.pullPolicy, "Always");
  const same = pod({ containers: [{ name: "c", image: "i", imagePullPolicy: "Never" }] });
  const change = { operation: "UPDATE" as const, oldObject: same };
  const changed = await run(cluster, write("Pod", same, change));
  assert.equal(specOf(changed).containers?.[0]?.imagePullPolicy, "Never");
});

Deno.test("namespaces are made, or must be there", async () => {
  const provision = alone("NamespaceAutoProvision");
  await run(provision, write("ConfigMap", {}, { namespace: "new" }));
  assert.ok(provision.objects.get("", "namespaces", "", "new"));
  await run(provision, write("ConfigMap", {}, { namespace: "dry", dryRun: true }));
  assert.equal(provision.objects.get("", "namespaces", "", "dry"), undefined);
  const exists = alone("NamespaceExists");
  assert.equal(
    await run(exists, write("ConfigMap", {}, { namespace: "new" })),
    'namespaces "new" not found',
  );
});

Deno.test("PodNodeSelector merges, and refuses what conflicts", async () => {
  const cluster = alone("PodNodeSelector", {
    podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: "a=b", ns: "a=b,c=d" },
  });
  const select = async (nodeSelector: Record<string, string>) => {
    const result = await run(cluster, write("Pod", pod({ nodeSelector })));
    return typeof result === "string" ? result : specOf(result).nodeSelector;
  };
  assert.deepEqual(await select({ c: "d" }), { a: "b", c: "d" });
  assert.equal(
    await select({ a: "other" }),
    'pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
  );
  assert.equal(
    await select({ e: "f" }),
    'pods "p" is forbidden: pod node label selector labels conflict with its namespace whitelist',
  );
  cluster.objects.put("", "namespaces", {
    metadata: {
      name: "ns",
      annotations: { "scheduler.alpha.kubernetes.io/node-selector": "c = d" },
    },
  });
  assert.deepEqual(await select({}), { c: "d" });
});

Deno.test("PodTolerationRestriction gives the namespace's tolerations and no others", async () => {
  const cluster = alone("PodTolerationRestriction", {
    default: [{ key: "a", operator: "Exists" }],
    whitelist: [{ key: "a", operator: "Exists" }, { key: "b", value: "x" }],
  });
  const tolerate = async (tolerations: PodSpec["tolerations"] & object) => {
    const result = await run(cluster, write("Pod", pod({ tolerations })));
    return typeof result === "string" ? result : specOf(result).tolerations;
  };
  assert.deepEqual(await tolerate([{ key: "a", value: "1" }]), [{ key: "a", operator: "Exists" }]);
  assert.deepEqual(await tolerate([{ key: "b", value: "x" }]), [
    { key: "a", operator: "Exists" },
    { key: "b", value: "x" },
  ]);
  assert.equal(
    await tolerate([{ key: "c", operator: "Exists" }]),
    'pods "p" is forbidden: pod tolerations (possibly merged with namespace default tolerations) conflict with ' +
      "its namespace whitelist",
  );
});

Deno.test("EventRateLimit takes a burst, and more as time passes", async () => {
  const cluster = alone("EventRateLimit", {
    limits: [{ type: "User", qps: 1, burst: 2, cacheSize: 1 }],
  });
  const event = { metadata: { name: "e", namespace: "ns" } };
  const send = async () => typeof await run(cluster, write("Event", event)) !== "string";
  assert.deepEqual([await send(), await send(), await send()], [true, true, false]);
  await cluster.clock.advance(1000);
  assert.deepEqual([await send(), await send()], [true, false]);
  assert.equal(
    await run(cluster, write("Event", event)),
    "limit reached on type User for key u",
  );
  // The one key that is remembered is another's now.
  await run(cluster, write("Event", event, { user: { username: "v", groups: [] } }));
  assert.equal(await send(), true);
  assert.throws(() => alone("EventRateLimit"), { name: "ConfigurationError" });
});

Deno.test("ExtendedResourceToleration tolerates what is asked for", async () => {
  const resources = { requests: { cpu: "1", "example.com/gpu": "1" } };
  const containers = [{ name: "c", image: "i", resources }];
  const made = await run(alone("ExtendedResourceToleration"), write("Pod", pod({ containers })));
  assert.deepEqual(specOf(made).tolerations, [
    { key: "example.com/gpu", operator: "Exists", effect: "NoSchedule" },
  ]);
});

Deno.test("OwnerReferencesPermissionEnforcement asks for the right to delete and to hold up", async () => {
  const cluster = alone("OwnerReferencesPermissionEnforcement");
  const owned = (blockOwnerDeletion: boolean): KubeObject => ({
    metadata: {
      name: "a",
      ownerReferences: [{
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: "d",
        uid: "1",
        blockOwnerDeletion,
      }],
    },
  });
  const send = (block: boolean) => run(cluster, write("ConfigMap", owned(block)));
  assert.match(
    String(await send(false)),
    /cannot set an ownerRef on a resource you can't delete: /,
  );
  const grant = (name: string, rule: object) => {
    cluster.objects.put(
      RBAC_GROUP,
      "clusterroles",
      { metadata: { name }, rules: [rule] } as KubeObject,
    );
    cluster.objects.put(RBAC_GROUP, "clusterrolebindings", {
      metadata: { name },
      subjects: [{ kind: "User", apiGroup: RBAC_GROUP, name: "u" }],
      roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name },
    } as KubeObject);
  };
  grant("delete", { apiGroups: [""], resources: ["configmaps"], verbs: ["delete"] });
  assert.equal(typeof await send(false), "object");
  assert.equal(
    await send(true),
    'configmaps "a" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you ' +
      "can't set finalizers on: , <nil>",
  );
  grant("hold", { apiGroups: ["apps"], resources: ["deployments/finalizers"], verbs: ["update"] });
  assert.equal(typeof await send(true), "object");
});

Deno.test("external addresses, wide anti-affinity and everything are refused", async () => {
  const service = { metadata: { name: "s" }, spec: { externalIPs: ["1.2.3.4"] } } as KubeObject;
  assert.equal(
    await run(alone("DenyServiceExternalIPs"), write("Service", service)),
    'services "s" is forbidden: Use of external IPs is denied by admission control',
  );
  const kept = { operation: "UPDATE" as const, oldObject: service };
  assert.equal(
    typeof await run(alone("DenyServiceExternalIPs"), write("Service", service, kept)),
    "object",
  );
  const affinity = {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone" }] },
  };
  assert.equal(
    await run(alone("LimitPodHardAntiAffinityTopology"), write("Pod", pod({ affinity }))),
    'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key ' +
      "kubernetes.io/hostname is allowed",
  );
  assert.equal(
    await run(alone("AlwaysDeny"), write("ConfigMap", { metadata: { name: "a" } })),
    'configmaps "a" is forbidden: admission control is denying all modifications',
  );
});

Deno.test("PodResizeValidator knows what a node can give", async () => {
  const cluster = alone("PodResizeValidator");
  cluster.objects.put("", "nodes", {
    metadata: { name: "n", labels: { "kubernetes.io/os": "linux" } },
    status: { allocatable: { cpu: "2", memory: "1Gi" } },
  } as KubeObject);
  const sized = (cpu: string) =>
    pod({ nodeName: "n", containers: [{ name: "c", resources: { requests: { cpu } } }] });
  const resize = (cpu: string) =>
    run(
      cluster,
      write("Pod", sized(cpu), {
        operation: "UPDATE",
        subresource: "resize",
        oldObject: sized("1"),
      }),
    );
  assert.equal(typeof await resize("2"), "object");
  assert.equal(
    await resize("2500m"),
    `pods "p" is forbidden: Node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000`,
  );
});

Deno.test("which plugins run is checked by name", async () => {
  const options = alone("AlwaysAdmit");
  assert.ok(options.plugin);
  const start = (enable: string[], disable: string[]) => () =>
    admissionPlugins({} as never, { enable, disable, plugins: new Map() });
  assert.throws(start(["Nothing"], []), {
    message: 'enable-admission-plugins plugin "Nothing" is unknown',
  });
  assert.throws(start([], ["Nothing"]), {
    message: 'disable-admission-plugins plugin "Nothing" is unknown',
  });
  assert.throws(start(["Priority"], ["Priority"]), { message: /overlapped/ });
  const read = await readAdmissionConfiguration(
    `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- {name: A, path: a.yaml}
- {name: B, configuration: {b: 1}}
`,
    (path) => Promise.resolve(`{"from": "${path}"}`),
  );
  assert.deepEqual([...read], [["A", { from: "a.yaml" }], ["B", { b: 1 }]]);
});

Deno.test("ClusterTrustBundleAttest asks whether one may speak for the signer", async () => {
  const cluster = alone("ClusterTrustBundleAttest");
  const requests = builtinKind({
    group: "certificates.k8s.io",
    version: "v1",
    kind: "CertificateSigningRequest",
  });
  assert.ok(requests);
  const definition = { ...requests, plural: "clustertrustbundles", kind: "ClusterTrustBundle" };
  const bundle = (signerName: string): KubeObject =>
    ({ metadata: { name: "b" }, spec: { signerName, trustBundle: "x" } }) as KubeObject;
  const send = (signer: string, before?: KubeObject) =>
    run(
      cluster,
      write("Namespace", bundle(signer), {
        definition,
        ...(before === undefined ? {} : { operation: "UPDATE", oldObject: before }),
      }),
    );
  const refusal =
    'clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for ' +
    'signerName "example.com/a"';
  assert.equal(await send("example.com/a"), refusal);
  assert.equal(typeof await send(""), "object");
  assert.equal(typeof await send("example.com/a", bundle("example.com/a")), "object");
  assert.equal(await send("example.com/a", bundle("example.com/b")), refusal);
  cluster.objects.put(RBAC_GROUP, "clusterroles", {
    metadata: { name: "attest" },
    rules: [{
      apiGroups: ["certificates.k8s.io"],
      resources: ["signers"],
      resourceNames: ["example.com/*"],
      verbs: ["attest"],
    }],
  } as KubeObject);
  cluster.objects.put(RBAC_GROUP, "clusterrolebindings", {
    metadata: { name: "attest" },
    subjects: [{ kind: "User", apiGroup: RBAC_GROUP, name: "u" }],
    roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name: "attest" },
  } as KubeObject);
  assert.equal(typeof await send("example.com/a"), "object");
});

Deno.test("NodeDeclaredFeatureValidator asks nodes for what a change needs", async () => {
  const cluster = alone("NodeDeclaredFeatureValidator");
  cluster.objects.put("", "nodes", { metadata: { name: "plain" } } as KubeObject);
  cluster.objects.put("", "nodes", {
    metadata: { name: "able" },
    status: {
      declaredFeatures: [
        "InPlacePodLevelResourcesVerticalScaling",
        "InPlacePodVerticalScalingInitContainers",
      ],
    },
  } as KubeObject);
  const sized = (cpu: string) => ({ requests: { cpu } });
  const change = (nodeName: string, spec: (cpu: string) => PodSpec) =>
    run(
      cluster,
      write("Pod", pod({ nodeName, ...spec("2") }), {
        operation: "UPDATE",
        subresource: "resize",
        oldObject: pod({ nodeName, ...spec("1") }),
      }),
    );
  const init = (restartPolicy?: string) => (cpu: string): PodSpec => ({
    initContainers: [{
      name: "i",
      resources: sized(cpu),
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    }],
  });
  const whole = (cpu: string): PodSpec => ({ resources: sized(cpu) });
  const refusal = (features: string, node = "plain") =>
    `pods "p" is forbidden: pod update requires features ${features} which are not available ` +
    `on node "${node}"`;
  const cases: [string, (cpu: string) => PodSpec, string | undefined][] = [
    ["plain", whole, refusal("InPlacePodLevelResourcesVerticalScaling")],
    ["plain", init(), refusal("InPlacePodVerticalScalingInitContainers")],
    [
      "plain",
      (cpu) => ({ ...whole(cpu), ...init()(cpu) }),
      refusal(
        "InPlacePodLevelResourcesVerticalScaling, InPlacePodVerticalScalingInitContainers",
      ),
    ],
    ["plain", init("Always"), undefined],
    ["plain", () => ({}), undefined],
    ["able", whole, undefined],
    ["able", init(), undefined],
    ["", whole, undefined],
    ["gone", whole, 'pods "p" is forbidden: node "gone" not found'],
  ];
  for (const [node, spec, expected] of cases) {
    const result = await change(node, spec);
    assert.equal(typeof result === "string" ? result : undefined, expected);
  }
});

Deno.test("ImagePolicyWebhook asks a backend, and remembers what it says", async () => {
  const asked: JsonObject[] = [];
  let answer: () => Response = () => Response.json({ status: { allowed: true } });
  const endpoint: WebhookEndpoint = {
    url: "https://images.example/",
    fetch: async (request) => {
      asked.push(await request.json());
      return answer();
    },
  };
  const policy = (more: JsonObject = {}) => ({
    imagePolicy: { kubeConfigFile: "/k", retryBackoff: -1, allowTTL: 50, denyTTL: -1, ...more },
  });
  const cluster = alone("ImagePolicyWebhook", policy(), endpoint);
  const noted: Record<string, string> = {};
  const ask = (image: string, { plugin } = cluster) =>
    run({ ...cluster, plugin }, {
      ...write("Pod", {
        ...pod({ containers: [{ name: "c", image }], initContainers: [{ name: "i", image: "x" }] }),
        metadata: {
          name: "p",
          namespace: "ns",
          annotations: { "team.image-policy.k8s.io/ticket": "1", other: "2" },
        },
      } as Pod),
      annotate: (key, value) => void (noted[key] = value),
    });
  assert.equal(typeof await ask("good"), "object");
  assert.deepEqual(asked, [{
    apiVersion: "imagepolicy.k8s.io/v1alpha1",
    kind: "ImageReview",
    metadata: {},
    spec: {
      containers: [{ image: "good" }, { image: "x" }],
      annotations: { "team.image-policy.k8s.io/ticket": "1" },
      namespace: "ns",
    },
  }]);
  answer = () =>
    Response.json({ status: { allowed: false, reason: "old", auditAnnotations: { a: "b" } } });
  await ask("good");
  assert.equal(asked.length, 1, "what is allowed is remembered");
  await cluster.clock.advance(51_000);
  const denied =
    'pods "p" is forbidden: image policy webhook backend denied one or more images: old';
  assert.equal(await ask("good"), denied);
  assert.equal(await ask("good"), denied);
  assert.deepEqual([asked.length, noted], [3, { "imagepolicywebhook.image-policy.k8s.io/a": "b" }]);
  answer = () => Response.json({ status: {} });
  assert.equal(
    await ask("silent"),
    'pods "p" is forbidden: one or more images rejected by webhook backend',
  );
  answer = () => new Response("", { status: 503 });
  assert.match(String(await ask("broken")), /^pods "p" is forbidden: .*answered 503$/);
  const open = alone("ImagePolicyWebhook", policy({ defaultAllow: true }), endpoint);
  const passed = await ask("broken", open) as KubeObject;
  assert.equal(passed.metadata?.annotations?.["alpha.image-policy.k8s.io/failed-open"], "true");
  assert.equal(noted["imagepolicywebhook.image-policy.k8s.io/failed-open"], "true");

  const wrong: [JsonValue | undefined, RegExp][] = [
    [undefined, /no config specified/],
    [policy({ kubeConfigFile: "" }), /imagePolicy.kubeConfigFile: Required value/],
    [policy({ allowTTL: 1801 }), /allow cache is between 1s and 1800s, got 1801s/],
    [policy({ retryBackoff: 300_001 }), /backoff is between 0.001s and 300s, got 300.001s/],
    [policy({ other: 1 }), /unknown field "imagePolicy.other"/],
  ];
  for (const [configuration, message] of wrong) {
    assert.throws(() => alone("ImagePolicyWebhook", configuration, endpoint), {
      name: "ConfigurationError",
      message,
    });
  }
});
