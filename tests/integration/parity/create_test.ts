/** What POST makes of a body, and what it refuses. */
import { type Cases, testCases } from "./parity_case.ts";

const POD = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "nginx" }] } };

const CREATE: Cases = {
  "a config map": [{
    send: "POST configmaps",
    body: { metadata: { name: "a" }, data: { k: "v" } },
    code: 201,
    has: {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "a", namespace: "$ns", creationTimestamp: "2026-01-01T00:00:00Z" },
      data: { k: "v" },
    },
    lacks: ["metadata.generation", "metadata.selfLink"],
  }],
  "a name that is taken": [
    { send: "POST configmaps", body: { metadata: { name: "a" } }, code: 201 },
    {
      send: "POST configmaps",
      body: { metadata: { name: "a" } },
      code: 409,
      reason: "AlreadyExists",
      message: 'configmaps "a" already exists',
      has: { details: { name: "a", kind: "configmaps" } },
    },
  ],
  "no name": [{
    send: "POST configmaps",
    body: { data: {} },
    code: 422,
    reason: "Invalid",
    message:
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    has: { details: { kind: "ConfigMap", causes: [{ field: "metadata.name" }] } },
  }],
  "a name that is no subdomain": [{
    send: "POST configmaps",
    body: { metadata: { name: "Not_Good" } },
    code: 422,
    reason: "Invalid",
    message: 'ConfigMap "Not_Good" is invalid: metadata.name: Invalid value: "Not_Good": ' +
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start " +
      "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  }],
  "a generated name": [{
    send: "POST configmaps",
    body: { metadata: { generateName: "gen-" } },
    code: 201,
    has: { metadata: { generateName: "gen-" } },
    keep: { name: "metadata.name" },
  }, { send: "GET configmaps/$name", code: 200 }],
  "a resourceVersion": [{
    send: "POST configmaps",
    body: { metadata: { name: "a", resourceVersion: "1" } },
    code: 500,
    message: "resourceVersion should not be set on objects to be created",
  }],
  "another namespace than the path's": [{
    send: "POST configmaps",
    body: { metadata: { name: "a", namespace: "other" } },
    code: 400,
    reason: "BadRequest",
    message:
      "the namespace of the provided object does not match the namespace sent on the request",
  }],
  "a namespace that is not there": [{
    send: "POST /api/v1/namespaces/nowhere/configmaps",
    body: { metadata: { name: "a" } },
    code: 404,
    reason: "NotFound",
    message: 'namespaces "nowhere" not found',
  }],
  "what only the server sets": [{
    send: "POST configmaps",
    body: {
      metadata: {
        name: "a",
        uid: "mine",
        generation: 7,
        deletionTimestamp: "2020-01-01T00:00:00Z",
        creationTimestamp: "2020-01-01T00:00:00Z",
      },
    },
    code: 201,
    has: { metadata: { creationTimestamp: "2026-01-01T00:00:00Z" } },
    lacks: ["metadata.generation", "metadata.deletionTimestamp"],
  }],
  "a pod": [{
    send: "POST pods",
    body: POD,
    code: 201,
    has: {
      metadata: { generation: 1 },
      spec: {
        restartPolicy: "Always",
        serviceAccountName: "default",
        dnsPolicy: "ClusterFirst",
        terminationGracePeriodSeconds: 30,
        priority: 0,
        preemptionPolicy: "PreemptLowerPriority",
        enableServiceLinks: true,
        containers: [{ name: "c", imagePullPolicy: "Always" }],
        tolerations: [
          {
            key: "node.kubernetes.io/not-ready",
            operator: "Exists",
            effect: "NoExecute",
            tolerationSeconds: 300,
          },
          { key: "node.kubernetes.io/unreachable" },
        ],
      },
      status: { phase: "Pending", qosClass: "BestEffort" },
    },
  }],
  "a pod's fields belong to who sent them, not to what admission added": [{
    send: "POST pods?fieldManager=me",
    body: POD,
    code: 201,
    has: {
      metadata: {
        managedFields: [{
          manager: "me",
          operation: "Update",
          apiVersion: "v1",
          time: "2026-01-01T00:00:00Z",
          fieldsType: "FieldsV1",
          fieldsV1: {
            "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:image": {} } } },
          },
        }],
      },
    },
    lacks: [
      "metadata.managedFields.0.fieldsV1.f:spec.f:tolerations",
      "metadata.managedFields.0.fieldsV1.f:spec.f:volumes",
      "metadata.managedFields.0.fieldsV1.f:spec.f:serviceAccountName",
      "metadata.managedFields.0.fieldsV1.f:spec.f:priority",
      "metadata.managedFields.0.fieldsV1.f:status",
    ],
  }],
  "a service's address belongs to nobody": [{
    send: "POST services",
    body: { metadata: { name: "s" }, spec: { ports: [{ port: 80 }], selector: { a: "b" } } },
    code: 201,
    has: {
      spec: { type: "ClusterIP", sessionAffinity: "None", ipFamilyPolicy: "SingleStack" },
      status: { loadBalancer: {} },
      metadata: { managedFields: [{ manager: "parity" }] },
    },
    lacks: [
      "metadata.generation",
      "metadata.managedFields.0.fieldsV1.f:spec.f:clusterIP",
      "metadata.managedFields.0.fieldsV1.f:spec.f:ipFamilies",
    ],
    keep: { ip: "spec.clusterIP" },
  }, {
    send: "GET /apis/networking.k8s.io/v1/ipaddresses/$ip",
    code: 200,
    has: { spec: { parentRef: { resource: "services", namespace: "$ns", name: "s" } } },
  }],
  "a deployment starts at generation 1 with no status": [{
    send: "POST /apis/apps/v1/namespaces/$ns/deployments",
    body: {
      metadata: { name: "d" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: POD.spec },
      },
      status: { replicas: 9 },
    },
    code: 201,
    has: {
      metadata: { generation: 1 },
      spec: {
        replicas: 1,
        strategy: {
          type: "RollingUpdate",
          rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" },
        },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {},
    },
    lacks: ["status.replicas"],
  }],
  "a selector that does not match its template": [{
    send: "POST /apis/apps/v1/namespaces/$ns/deployments",
    body: {
      metadata: { name: "d" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "c" } }, spec: POD.spec },
      },
    },
    code: 422,
    message:
      'Deployment.apps "d" is invalid: spec.template.metadata.labels: Invalid value: {"a":"c"}: ' +
      "`selector` does not match template `labels`",
    has: { details: { group: "apps", kind: "Deployment" } },
  }],
  "a namespace": [{
    send: "POST /api/v1/namespaces",
    body: { metadata: { name: "made-here" } },
    code: 201,
    has: {
      metadata: { labels: { "kubernetes.io/metadata.name": "made-here" } },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    },
    lacks: ["metadata.generation"],
  }],
  "a node keeps its status": [{
    send: "POST /api/v1/nodes",
    body: { metadata: { name: "n" }, status: { capacity: { cpu: "2" } } },
    code: 201,
    has: { status: { capacity: { cpu: "2" } } },
    lacks: ["metadata.generation"],
  }],
  "a lease and an event have no generation": [{
    send: "POST /apis/coordination.k8s.io/v1/namespaces/$ns/leases",
    body: { metadata: { name: "l", generation: 3 }, spec: { holderIdentity: "x" } },
    code: 201,
    lacks: ["metadata.generation"],
  }, {
    send: "POST events",
    body: {
      metadata: { name: "e", namespace: "$ns" },
      involvedObject: { kind: "Pod", namespace: "$ns", name: "p" },
      reason: "R",
    },
    code: 201,
    lacks: ["metadata.generation"],
  }],
  "an account that is not there": [{
    send: "POST pods",
    body: { ...POD, spec: { ...POD.spec, serviceAccountName: "ghost" } },
    code: 403,
    reason: "Forbidden",
    message:
      'pods "p" is forbidden: error looking up service account $ns/ghost: serviceaccount "ghost" not found',
  }],
  "a priority class that is not there": [{
    send: "POST pods",
    body: { ...POD, spec: { ...POD.spec, priorityClassName: "ghost" } },
    code: 403,
    message: 'pods "p" is forbidden: no PriorityClass with name ghost was found',
  }],
  "a secret's text becomes data": [{
    send: "POST secrets",
    body: { metadata: { name: "s" }, data: { a: "eA==" }, stringData: { b: "y" } },
    code: 201,
    has: {
      data: { a: "eA==", b: "eQ==" },
      type: "Opaque",
      metadata: { managedFields: [{ fieldsV1: { "f:data": { "f:a": {}, "f:b": {} } } }] },
    },
    lacks: ["stringData"],
  }, {
    send: "PATCH secrets/s",
    type: "merge",
    body: { stringData: { b: "z" } },
    code: 200,
    has: { data: { a: "eA==", b: "eg==" } },
    lacks: ["stringData"],
  }],
  "ephemeral containers have a door of their own": [{
    send: "POST pods",
    body: {
      metadata: { name: "p" },
      spec: { ...POD.spec, ephemeralContainers: [{ name: "e", image: "busybox" }] },
    },
    code: 422,
    message: 'Pod "p" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
  }],
  "an image that is missing": [{
    send: "POST pods",
    body: { metadata: { name: "p" }, spec: { containers: [{ name: "c" }] } },
    code: 422,
    message: 'Pod "p" is invalid: spec.containers[0].image: Required value',
    has: {
      details: { causes: [{ reason: "FieldValueRequired", field: "spec.containers[0].image" }] },
    },
  }],
  "a service that wants a taken address": [{
    send: "POST services",
    body: { metadata: { name: "a" }, spec: { ports: [{ port: 80 }] } },
    code: 201,
    keep: { ip: "spec.clusterIP" },
  }, {
    send: "POST services",
    body: { metadata: { name: "b" }, spec: { clusterIP: "$ip", ports: [{ port: 80 }] } },
    code: 422,
    message:
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["$ip"]: failed to allocate IP $ip: ' +
      "provided IP is already allocated",
  }],
};

testCases("create", CREATE);
