import assert from "node:assert/strict";
import { cloneJson, FakeClock, type JsonObject, seededRandom } from "../../base/mod.ts";
import {
  builtinKind,
  type KubeObject,
  type Pod,
  type ResourceDefinition,
} from "../../api/served.ts";
import { createSigningRequest, generateKeyPair } from "../../pki/mod.ts";
import { RBAC_GROUP, RbacAuthorizer } from "../authz/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { AdmissionRequest, UserInfo } from "../ports.ts";
import { bothPasses } from "./both_passes.ts";
import { type AdmissionConfiguration, admissionPlugins } from "./mod.ts";

const USER: UserInfo = { username: "u", groups: ["system:authenticated"] };
const NODE: UserInfo = { username: "system:node:a", groups: ["system:nodes"] };

function definitionOf(kind: string): ResourceDefinition {
  const [name = "", group = ""] = kind.split(".").length > 1
    ? [kind.slice(0, kind.indexOf(".")), kind.slice(kind.indexOf(".") + 1)]
    : [kind];
  const found = builtinKind({ group, version: "v1", kind: name });
  assert.ok(found, kind);
  return found;
}

function cluster(configuration?: AdmissionConfiguration) {
  const objects = new FakeObjects();
  objects.put("", "namespaces", { metadata: { name: "ns" } });
  objects.put("", "namespaces", {
    metadata: { name: "ending", deletionTimestamp: "2026-01-01T00:00:00Z" },
  });
  objects.put("", "serviceaccounts", { metadata: { name: "default", namespace: "ns" } });
  const clock = new FakeClock();
  const rbac = new RbacAuthorizer();
  rbac.start(objects);
  const plugins = admissionPlugins({
    reader: objects,
    writer: objects,
    authorizer: rbac,
    rbac,
    clock,
    random: seededRandom(1),
    kindOf: (group, version, kind) => builtinKind({ group, version, kind }),
  }, configuration);
  return { objects, clock, plugins, rbac };
}

/** A write as the registry hands it to admission. */
function write(
  operation: AdmissionRequest["operation"],
  kind: string,
  object: KubeObject | undefined,
  change: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  const definition = definitionOf(kind);
  return {
    operation,
    definition,
    subresource: "",
    namespace: definition.namespaced ? object?.metadata?.namespace ?? "ns" : "",
    name: object?.metadata?.name ?? "",
    object: object === undefined ? undefined : cloneJson(object),
    oldObject: undefined,
    user: USER,
    dryRun: false,
    warn: () => {},
    ...change,
  };
}

const run = ({ plugins }: ReturnType<typeof cluster>, request: AdmissionRequest) =>
  bothPasses(plugins, request);

const pod = (spec: JsonObject = {}, metadata: KubeObject["metadata"] = {}): Pod => ({
  metadata: { name: "p", namespace: "ns", ...metadata },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});

Deno.test("a plain pod gets account, token, priority and tolerations", async () => {
  const result = await run(cluster(), write("CREATE", "Pod", pod())) as Pod;
  const volume = result.spec?.volumes?.[0];
  assert.match(volume?.name ?? "", /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(result.spec, {
    containers: [{
      name: "c",
      image: "i",
      volumeMounts: [{
        name: volume?.name,
        readOnly: true,
        mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
      }],
    }],
    serviceAccountName: "default",
    serviceAccount: "default",
    volumes: [{
      name: volume?.name,
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
          { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          {
            downwardAPI: {
              items: [{
                path: "namespace",
                fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
              }],
            },
          },
        ],
      },
    }],
    priority: 0,
    preemptionPolicy: "PreemptLowerPriority",
    tolerations: ["not-ready", "unreachable"].map((trouble) => ({
      key: `node.kubernetes.io/${trouble}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 300,
    })),
  });
});

Deno.test("ServiceAccount waits for the default account of a new namespace, not for others", async () => {
  const here = cluster();
  here.objects.put("", "namespaces", { metadata: { name: "new" } });
  const running = run(here, write("CREATE", "Pod", pod({}, { namespace: "new" })));
  while (here.clock.pending === 0) await Promise.resolve();
  here.objects.put("", "serviceaccounts", { metadata: { name: "default", namespace: "new" } });
  assert.equal((await running as Pod).spec?.serviceAccountName, "default");
  assert.equal(here.clock.pending, 0);
  here.objects.put("", "namespaces", { metadata: { name: "never" } });
  const failing = run(here, write("CREATE", "Pod", pod({}, { namespace: "never" })));
  while (here.clock.pending === 0) await Promise.resolve();
  await here.clock.advance(2000);
  assert.equal(
    await failing,
    'pods "p" is forbidden: error looking up service account never/default: serviceaccount "default" not found',
  );
  assert.equal(
    await run(here, write("CREATE", "Pod", pod({ serviceAccountName: "x" }))),
    'pods "p" is forbidden: error looking up service account ns/x: serviceaccount "x" not found',
  );
});

Deno.test("ServiceAccount leaves out what nobody wants", async () => {
  const here = cluster();
  const unmounted = await run(
    here,
    write("CREATE", "Pod", pod({ automountServiceAccountToken: false })),
  ) as Pod;
  assert.equal(unmounted.spec?.volumes, undefined);
  here.objects.put("", "serviceaccounts", {
    metadata: { name: "pull", namespace: "ns" },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: "s" }],
  } as KubeObject);
  const pulled = await run(
    here,
    write("CREATE", "Pod", pod({ serviceAccountName: "pull" })),
  ) as Pod;
  assert.equal(pulled.spec?.volumes, undefined);
  assert.deepEqual(pulled.spec?.imagePullSecrets, [{ name: "s" }]);
  const mounted = pod({
    containers: [{
      name: "c",
      volumeMounts: [{
        name: "own",
        mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
      }],
    }],
  });
  const kept = await run(here, write("CREATE", "Pod", mounted)) as Pod;
  assert.equal(kept.spec?.volumes, undefined);
});

Deno.test("admission refuses in upstream's words", async (t) => {
  const here = cluster();
  here.objects.put("scheduling.k8s.io", "priorityclasses", {
    metadata: { name: "high" },
    value: 1000,
  } as KubeObject);
  here.objects.put("scheduling.k8s.io", "priorityclasses", {
    metadata: { name: "usual" },
    value: 5,
    globalDefault: true,
  } as KubeObject);
  here.objects.put("node.k8s.io", "runtimeclasses", {
    metadata: { name: "kata" },
    overhead: { podFixed: { cpu: "250m" } },
  } as KubeObject);
  here.objects.put("", "pods", pod({ nodeName: "b" }, { name: "on-b" }));
  here.objects.put("", "nodes", { metadata: { name: "a" } });
  const mirror = { "kubernetes.io/config.mirror": "x" };
  const asNode = { user: NODE };
  const node = (metadata: KubeObject["metadata"] = {}, spec: JsonObject = {}) =>
    ({ metadata: { name: "a", ...metadata }, spec }) as KubeObject;
  const claim = (storage: string, phase = "Bound") =>
    ({
      metadata: { name: "v", namespace: "ns" },
      spec: { resources: { requests: { storage } } },
      status: { phase },
    }) as KubeObject;
  const cases: [string, AdmissionRequest, string][] = [
    [
      "a missing namespace",
      write("CREATE", "ConfigMap", { metadata: { name: "c", namespace: "none" } }),
      'namespaces "none" not found',
    ],
    [
      "an ending namespace",
      write("CREATE", "ConfigMap", { metadata: { generateName: "c-", namespace: "ending" } }),
      'configmaps "c-" is forbidden: unable to create new content in namespace ending because it is being terminated',
    ],
    [
      "an immortal namespace",
      write("DELETE", "Namespace", undefined, { name: "kube-system" }),
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    ],
    [
      "no such priority class",
      write("CREATE", "Pod", pod({ priorityClassName: "none" })),
      'pods "p" is forbidden: no PriorityClass with name none was found',
    ],
    [
      "another priority than the class's",
      write("CREATE", "Pod", pod({ priorityClassName: "high", priority: 7 })),
      'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; ' +
      "priority admission controller computed 1000 from the given PriorityClass name",
    ],
    [
      "a second default priority class",
      write("CREATE", "PriorityClass.scheduling.k8s.io", {
        metadata: { name: "other" },
        globalDefault: true,
      } as KubeObject),
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already ' +
      "marked as default. Only one default can exist",
    ],
    [
      "no such runtime class",
      write("CREATE", "Pod", pod({ runtimeClassName: "none" })),
      'pods "p" is forbidden: pod rejected: RuntimeClass "none" not found',
    ],
    [
      "another overhead than the runtime class's",
      write("CREATE", "Pod", pod({ runtimeClassName: "kata", overhead: { cpu: "1" } })),
      "pods \"p\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      "a mirror pod with an account",
      write("CREATE", "Pod", pod({ serviceAccountName: "x" }, { annotations: mirror })),
      'pods "p" is forbidden: a mirror pod may not reference service accounts',
    ],
    [
      "a node that makes a plain pod",
      write("CREATE", "Pod", pod({ nodeName: "a" }), asNode),
      'pods "p" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, ' +
      'node "a" can only create mirror pods',
    ],
    [
      "a node that makes a pod elsewhere",
      write("CREATE", "Pod", pod({ nodeName: "b" }, { annotations: mirror }), asNode),
      'pods "p" is forbidden: node "a" can only create pods with spec.nodeName set to itself',
    ],
    [
      "a node that deletes another's pod",
      write("DELETE", "Pod", undefined, { ...asNode, name: "on-b", namespace: "ns" }),
      'pods "on-b" is forbidden: node "a" can only delete pods with spec.nodeName set to itself',
    ],
    [
      "a node that labels itself",
      write("UPDATE", "Node", node({ labels: { "node-restriction.kubernetes.io/x": "y" } }), {
        ...asNode,
        oldObject: node(),
      }),
      'nodes "a" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/x',
    ],
    [
      "a node that takes its taints off",
      write("UPDATE", "Node", node(), {
        ...asNode,
        oldObject: node({}, { taints: [{ key: "k", effect: "NoSchedule" }] }),
      }),
      'nodes "a" is forbidden: node "a" is not allowed to modify taints',
    ],
    [
      "a node that writes another",
      write("UPDATE", "Node", { metadata: { name: "b" } }, {
        ...asNode,
        oldObject: { metadata: { name: "b" } },
      }),
      'nodes "b" is forbidden: node "a" is not allowed to modify node "b"',
    ],
    [
      "a claim that grows where it cannot",
      write("UPDATE", "PersistentVolumeClaim", claim("2Gi"), { oldObject: claim("1Gi") }),
      'persistentvolumeclaims "v" is forbidden: only dynamically provisioned pvc can be resized and ' +
      "the storageclass that provisions the pvc must support resize",
    ],
    [
      "a grant of what one does not have",
      write("CREATE", `Role.${RBAC_GROUP}`, {
        metadata: { name: "r", namespace: "ns" },
        rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }],
      } as KubeObject),
      `roles.${RBAC_GROUP} "r" is forbidden: user "u" (groups=["system:authenticated"]) is ` +
      'attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    ],
    [
      "a binding to a role that is not there",
      write("CREATE", `RoleBinding.${RBAC_GROUP}`, {
        metadata: { name: "b", namespace: "ns" },
        roleRef: { kind: "ClusterRole", name: "none" },
      } as KubeObject),
      `rolebindings.${RBAC_GROUP} "b" is forbidden: clusterroles.${RBAC_GROUP} "none" not found`,
    ],
  ];
  for (const [name, request, message] of cases) {
    await t.step(name, async () => assert.equal(await run(here, request), message));
  }
});

Deno.test("admission fills in what classes give", async () => {
  const here = cluster();
  const put = (group: string, resource: string, name: string, more: JsonObject) =>
    here.objects.put(group, resource, { metadata: { name }, ...more } as KubeObject);
  put("scheduling.k8s.io", "priorityclasses", "usual", {
    value: 5,
    globalDefault: true,
    preemptionPolicy: "Never",
  });
  put("node.k8s.io", "runtimeclasses", "kata", {
    overhead: { podFixed: { cpu: "250m" } },
    scheduling: { nodeSelector: { kata: "yes" }, tolerations: [{ key: "kata" }] },
  });
  const written = await run(here, write("CREATE", "Pod", pod({ runtimeClassName: "kata" }))) as Pod;
  assert.deepEqual({
    priorityClassName: written.spec?.priorityClassName,
    priority: written.spec?.priority,
    preemptionPolicy: written.spec?.preemptionPolicy,
    overhead: written.spec?.overhead,
    nodeSelector: written.spec?.nodeSelector,
    tolerations: written.spec?.tolerations?.length,
  }, {
    priorityClassName: "usual",
    priority: 5,
    preemptionPolicy: "Never",
    overhead: { cpu: "250m" },
    nodeSelector: { kata: "yes" },
    tolerations: 3,
  });
  const byDefault = (created: string) => ({
    name: created,
    creationTimestamp: created,
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  });
  for (const created of ["2026-01-01", "2026-03-01", "2026-02-01"]) {
    here.objects.put("storage.k8s.io", "storageclasses", { metadata: byDefault(created) });
  }
  const claim = { metadata: { name: "v", namespace: "ns" }, spec: {} } as KubeObject;
  assert.deepEqual(await run(here, write("CREATE", "PersistentVolumeClaim", claim)), {
    metadata: { name: "v", namespace: "ns", finalizers: ["kubernetes.io/pvc-protection"] },
    spec: { storageClassName: "2026-03-01" },
  });
  const none = { ...claim, spec: { storageClassName: "" } } as KubeObject;
  const kept = await run(here, write("CREATE", "PersistentVolumeClaim", none));
  assert.deepEqual((kept as { spec: unknown }).spec, { storageClassName: "" });
  assert.deepEqual(await run(here, write("CREATE", "Node", { metadata: { name: "n" } })), {
    metadata: { name: "n" },
    spec: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }] },
  });
});

Deno.test("an update of a pod keeps its priority", async () => {
  const oldObject = pod({ priority: 7, preemptionPolicy: "Never" });
  const result = await run(cluster(), write("UPDATE", "Pod", pod(), { oldObject })) as Pod;
  assert.deepEqual([result.spec?.priority, result.spec?.preemptionPolicy], [7, "Never"]);
});

Deno.test("a holder of escalate or of the rules may grant them", async () => {
  const here = cluster();
  const role = {
    metadata: { name: "r", namespace: "ns" },
    rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }],
  } as KubeObject;
  const request = () => write("CREATE", `Role.${RBAC_GROUP}`, role);
  const grant = (rules: JsonObject[]) => {
    here.objects.put(RBAC_GROUP, "clusterroles", { metadata: { name: "g" }, rules } as KubeObject);
    here.objects.put(RBAC_GROUP, "clusterrolebindings", {
      metadata: { name: "g" },
      roleRef: { kind: "ClusterRole", name: "g" },
      subjects: [{ kind: "User", name: "u" }],
    } as KubeObject);
  };
  const fails = (result: unknown) => assert.match(String(result), /attempting to grant/);
  fails(await run(here, request()));
  grant([{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]);
  assert.deepEqual(await run(here, request()), role);
  grant([{ verbs: ["escalate"], apiGroups: [RBAC_GROUP], resources: ["roles"] }]);
  assert.deepEqual(await run(here, request()), role);
  const binding = write("CREATE", `RoleBinding.${RBAC_GROUP}`, {
    metadata: { name: "b", namespace: "ns" },
    roleRef: { kind: "ClusterRole", name: "g" },
    subjects: [{ kind: "User", name: "other" }],
  } as KubeObject);
  assert.ok(await run(here, binding));
  const aggregate = write("CREATE", `ClusterRole.${RBAC_GROUP}`, {
    metadata: { name: "r" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
  } as KubeObject);
  assert.match(String(await run(here, aggregate)), /must have cluster-admin privileges/);
});

Deno.test("LimitRanger gives defaults and says so", async () => {
  const here = cluster();
  here.objects.put("", "limitranges", {
    metadata: { name: "l", namespace: "ns" },
    spec: {
      limits: [{
        type: "Container",
        default: { cpu: "500m", memory: "1Gi" },
        defaultRequest: { cpu: "100m" },
      }],
    },
  } as KubeObject);
  const result = await run(
    here,
    write(
      "CREATE",
      "Pod",
      pod({
        containers: [{ name: "c", resources: { limits: { cpu: "1" } } }, { name: "d" }],
      }),
    ),
  ) as Pod;
  assert.deepEqual(result.spec?.containers?.map(({ resources }) => resources), [
    { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m" } },
    { limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: "100m" } },
  ]);
  assert.equal(
    result.metadata?.annotations?.["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: cpu request for container c; memory limit for container c; " +
      "cpu request for container d; cpu, memory limit for container d",
  );
});

Deno.test("LimitRanger refuses what is outside the range", async (t) => {
  const limits = (requests: JsonObject, limits: JsonObject) =>
    pod({ containers: [{ name: "c", resources: { requests, limits } }] });
  const cases: [JsonObject, Pod, string][] = [
    [
      { type: "Container", max: { cpu: "1" } },
      limits({ cpu: "1" }, { cpu: "2" }),
      "maximum cpu usage per Container is 1, but limit is 2",
    ],
    [
      { type: "Container", max: { cpu: "1" } },
      pod(),
      "maximum cpu usage per Container is 1.  No limit is specified",
    ],
    [
      { type: "Container", min: { memory: "1Gi" } },
      limits({ memory: "512Mi" }, {}),
      "minimum memory usage per Container is 1Gi, but request is 512Mi",
    ],
    [
      { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
      limits({ cpu: "100m" }, { cpu: "300m" }),
      "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
    ],
    [
      { type: "Pod", max: { cpu: "1" } },
      pod({
        containers: ["a", "b"].map((name) => ({
          name,
          resources: { requests: { cpu: "600m" }, limits: { cpu: "600m" } },
        })),
      }),
      "maximum cpu usage per Pod is 1, but limit is 1200m",
    ],
    [
      { type: "Container", min: { cpu: "1" }, max: { cpu: "2" } },
      limits({ cpu: "500m" }, { cpu: "3" }),
      "[minimum cpu usage per Container is 1, but request is 500m, " +
      "maximum cpu usage per Container is 2, but limit is 3]",
    ],
  ];
  for (const [item, written, message] of cases) {
    await t.step(message, async () => {
      const here = cluster();
      here.objects.put("", "limitranges", {
        metadata: { name: "l", namespace: "ns" },
        spec: { limits: [item] },
      } as KubeObject);
      assert.equal(
        await run(here, write("CREATE", "Pod", written)),
        `pods "p" is forbidden: ${message}`,
      );
    });
  }
});

Deno.test("a certificate request says who made it, and never asks for the masters", async () => {
  const key = await generateKeyPair();
  const request = async (organization: string) => {
    const pem = await createSigningRequest(
      { commonName: "x", organizations: [organization] },
      [],
      key,
    );
    return write("CREATE", "CertificateSigningRequest.certificates.k8s.io", {
      metadata: { name: "csr" },
      spec: {
        request: new TextEncoder().encode(pem).toBase64(),
        signerName: "kubernetes.io/kube-apiserver-client",
        username: "somebody else",
      },
    } as KubeObject);
  };
  const good = await run(cluster(), await request("devs")) as { spec: JsonObject };
  assert.deepEqual([good.spec["username"], good.spec["groups"]], ["u", ["system:authenticated"]]);
  assert.equal(
    await run(cluster(), await request("system:masters")),
    'certificatesigningrequests.certificates.k8s.io "csr" is forbidden: use of ' +
      "kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed",
  );
});
