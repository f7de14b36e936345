import type { JsonObject } from "../../base/mod.ts";
import { all, at, ensureStruct, type Fill, fill, isEmpty, structAt, structsAt } from "./fill.ts";
import { PERSISTENT_VOLUME_SOURCE } from "./volume.ts";

type Kinds = Readonly<Record<string, Fill>>;

const RBAC_GROUP = "rbac.authorization.k8s.io";

const NETWORK_PORTS: Fill = fill({ each: { ports: fill({ absent: { protocol: "TCP" } }) } });

export const NETWORKING_DEFAULTS: Kinds = {
  Ingress: (value) => void ensureStruct(ensureStruct(value, "status"), "loadBalancer"),
  IngressClass: at("spec.parameters", fill({ absent: { scope: "Cluster" } })),
  NetworkPolicy: at(
    "spec",
    fill({
      first(spec) {
        if (!isEmpty(spec["policyTypes"])) return;
        spec["policyTypes"] = isEmpty(spec["egress"]) ? ["Ingress"] : ["Ingress", "Egress"];
      },
      each: { ingress: NETWORK_PORTS, egress: NETWORK_PORTS },
    }),
  ),
};

const BINDING: Fill = fill({
  within: { roleRef: fill({ empty: { apiGroup: RBAC_GROUP } }) },
  each: {
    subjects: (subject) => {
      if (!isEmpty(subject["apiGroup"])) return;
      if (subject["kind"] === "User" || subject["kind"] === "Group") {
        subject["apiGroup"] = RBAC_GROUP;
      }
    },
  },
});
export const RBAC_DEFAULTS: Kinds = { ClusterRoleBinding: BINDING, RoleBinding: BINDING };

export const STORAGE_DEFAULTS: Kinds = {
  CSIDriver: at(
    "spec",
    fill({
      absent: {
        attachRequired: true,
        podInfoOnMount: false,
        storageCapacity: false,
        fsGroupPolicy: "ReadWriteOnceWithFSType",
        requiresRepublish: false,
        seLinuxMount: false,
      },
      first(spec) {
        if (isEmpty(spec["volumeLifecycleModes"])) spec["volumeLifecycleModes"] = ["Persistent"];
      },
    }),
  ),
  StorageClass: fill({ absent: { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" } }),
  VolumeAttachment: at("spec.source.inlineVolumeSpec", PERSISTENT_VOLUME_SOURCE),
};

export const DISCOVERY_DEFAULTS: Kinds = {
  EndpointSlice: fill({ each: { ports: fill({ absent: { name: "", protocol: "TCP" } }) } }),
};

export const SCHEDULING_DEFAULTS: Kinds = {
  PriorityClass: fill({ absent: { preemptionPolicy: "PreemptLowerPriority" } }),
};

const RULE: Fill = fill({ absent: { scope: "*" } });
const MATCH_RESOURCES: Fill = fill({
  absent: { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} },
  each: { resourceRules: RULE, excludeResourceRules: RULE },
});
const HTTPS_SERVICE: Fill = fill({ absent: { port: 443 } });
const POLICY: Fill = at(
  "spec",
  fill({ absent: { failurePolicy: "Fail" }, within: { matchConstraints: MATCH_RESOURCES } }),
);
const POLICY_BINDING: Fill = at("spec.matchResources", MATCH_RESOURCES);
const WEBHOOK: Fill = fill({
  absent: {
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
  },
  within: { clientConfig: at("service", HTTPS_SERVICE) },
  each: { rules: RULE },
});

export const ADMISSION_DEFAULTS: Kinds = {
  MutatingAdmissionPolicy: POLICY,
  MutatingAdmissionPolicyBinding: POLICY_BINDING,
  MutatingWebhookConfiguration: fill({
    each: { webhooks: all(fill({ absent: { reinvocationPolicy: "Never" } }), WEBHOOK) },
  }),
  ValidatingAdmissionPolicy: POLICY,
  ValidatingAdmissionPolicyBinding: POLICY_BINDING,
  ValidatingWebhookConfiguration: fill({ each: { webhooks: WEBHOOK } }),
};

export const AUTHENTICATION_DEFAULTS: Kinds = {
  TokenRequest: at("spec", fill({ absent: { expirationSeconds: 3600 } })),
};

export const FLOWCONTROL_DEFAULTS: Kinds = {
  FlowSchema: at("spec", fill({ empty: { matchingPrecedence: 1000 } })),
  PriorityLevelConfiguration: at(
    "spec",
    fill({
      within: {
        limited: fill({
          absent: { nominalConcurrencyShares: 30, lendablePercent: 0 },
          within: {
            limitResponse: at(
              "queuing",
              fill({ empty: { handSize: 8, queues: 64, queueLengthLimit: 50 } }),
            ),
          },
        }),
        exempt: fill({ absent: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
      },
    }),
  ),
};

const DEVICE_REQUEST: Fill = (request) => {
  if (isEmpty(request["allocationMode"])) request["allocationMode"] = "ExactCount";
  if (request["allocationMode"] === "ExactCount" && (request["count"] ?? 0) === 0) {
    request["count"] = 1;
  }
  TOLERATIONS(request);
};
const TOLERATIONS: Fill = fill({ each: { tolerations: fill({ empty: { operator: "Equal" } }) } });
const CLAIM: Fill = at(
  "devices",
  fill({
    each: {
      requests: fill({
        within: { exactly: DEVICE_REQUEST },
        each: { firstAvailable: DEVICE_REQUEST },
      }),
    },
  }),
);

/** The moment a taint without one was added is the caller's to set: defaults know no time. */
export const RESOURCE_DEFAULTS: Kinds = {
  ResourceClaim: all(
    at("spec", CLAIM),
    at("status.allocation.devices", fill({ each: { results: TOLERATIONS } })),
  ),
  ResourceClaimTemplate: at("spec.spec", CLAIM),
  ResourceSlice: at(
    "spec",
    fill({
      each: {
        devices: fill({
          each: {
            nodeAllocatableResourceMappings: fill({ absent: { allocationMultiplier: "1" } }),
          },
        }),
      },
    }),
  ),
};

function customResourceDefinition(value: JsonObject): void {
  const spec = structAt(value, "spec");
  if (spec === undefined) return;
  const names = structAt(spec, "names");
  const kind = names?.["kind"];
  if (names !== undefined && typeof kind === "string") {
    if (isEmpty(names["singular"])) names["singular"] = kind.toLowerCase();
    if (isEmpty(names["listKind"]) && kind !== "") names["listKind"] = `${kind}List`;
  }
  if (spec["conversion"] === undefined) spec["conversion"] = { strategy: "None" };
  at("conversion.webhook.clientConfig.service", HTTPS_SERVICE)(spec);
  const status = ensureStruct(value, "status");
  if (isEmpty(status["storedVersions"])) {
    const stored = structsAt(spec, "versions").filter((version) => version["storage"] === true)
      .slice(0, 1);
    status["storedVersions"] = stored.flatMap(({ name }) => typeof name === "string" ? [name] : []);
  }
}

export const APIEXTENSIONS_DEFAULTS: Kinds = {
  CustomResourceDefinition: customResourceDefinition,
};

export const APIREGISTRATION_DEFAULTS: Kinds = {
  APIService: at("spec.service", HTTPS_SERVICE),
};
