import { equalJson } from "../../base/mod.ts";
import {
  FLOW_SCHEMAS,
  type FlowcontrolV1Subject,
  type FlowSchema,
  type FlowSchemaSpec,
  type KubeObject,
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  type PolicyRulesWithSubjects,
  PRIORITY_LEVEL_CONFIGURATIONS,
  type PriorityLevelConfiguration,
  type ResourceType,
} from "../../api/served.ts";
import type { Ensurer } from "./ensure.ts";

const AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec";

/** name, concurrency shares, percent that others may borrow, queues × hand × length */
const LEVELS: readonly (readonly [string, number, number, number, number, number])[] = [
  ["global-default", 20, 50, 128, 6, 50],
  ["leader-election", 10, 0, 16, 4, 50],
  ["node-high", 40, 25, 64, 6, 50],
  ["system", 30, 33, 64, 6, 50],
  ["workload-high", 40, 50, 128, 6, 50],
  ["workload-low", 100, 90, 128, 6, 50],
];

const user = (name: string): FlowcontrolV1Subject => ({ kind: "User", user: { name } });
const group = (name: string): FlowcontrolV1Subject => ({ kind: "Group", group: { name } });
const accounts = (namespace: string): FlowcontrolV1Subject => ({
  kind: "ServiceAccount",
  serviceAccount: { namespace, name: "*" },
});
const EVERYBODY = [group("system:unauthenticated"), group("system:authenticated")];

const requests = (
  verbs: string[],
  apiGroups: string[],
  resources: string[],
  clusterScope = false,
) => ({
  verbs,
  apiGroups,
  resources,
  ...(clusterScope ? { clusterScope } : {}),
  namespaces: ["*"],
});

/** Every request of the subjects. */
const everything = (...subjects: FlowcontrolV1Subject[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [requests(["*"], ["*"], ["*"], true)],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
});

/** name, precedence, level, what tells flows apart, whose requests */
const SCHEMAS: readonly (readonly [string, number, string, string, PolicyRulesWithSubjects])[] = [
  ["probes", 2, "exempt", "", {
    subjects: EVERYBODY,
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
  }],
  ["system-leader-election", 100, "leader-election", "ByUser", {
    subjects: [
      user("system:kube-controller-manager"),
      user("system:kube-scheduler"),
      accounts("kube-system"),
    ],
    resourceRules: [requests(["get", "create", "update"], ["coordination.k8s.io"], ["leases"])],
  }],
  ["system-node-high", 400, "node-high", "ByUser", {
    subjects: [group("system:nodes")],
    resourceRules: [
      requests(["*"], [""], ["nodes", "nodes/status"], true),
      requests(["*"], ["coordination.k8s.io"], ["leases"]),
    ],
  }],
  ["system-nodes", 500, "system", "ByUser", everything(group("system:nodes"))],
  [
    "kube-controller-manager",
    800,
    "workload-high",
    "ByNamespace",
    everything(user("system:kube-controller-manager")),
  ],
  [
    "kube-scheduler",
    800,
    "workload-high",
    "ByNamespace",
    everything(user("system:kube-scheduler")),
  ],
  [
    "kube-system-service-accounts",
    900,
    "workload-high",
    "ByNamespace",
    everything(accounts("kube-system")),
  ],
  [
    "service-accounts",
    9000,
    "workload-low",
    "ByUser",
    everything(group("system:serviceaccounts")),
  ],
  ["global-default", 9900, "global-default", "ByUser", everything(...EVERYBODY)],
];

/** The priority levels of a new cluster. */
export function priorityLevels(): PriorityLevelConfiguration[] {
  const level = (name: string, spec: NonNullable<PriorityLevelConfiguration["spec"]>) => ({
    metadata: { name, annotations: { [AUTOUPDATE]: "true" } },
    spec,
  });
  return [
    ...Object.entries(MANDATORY_PRIORITY_LEVELS).map(([name, spec]) => level(name, spec)),
    ...LEVELS.map(([name, shares, lendablePercent, queues, handSize, queueLengthLimit]) =>
      level(name, {
        type: "Limited",
        limited: {
          nominalConcurrencyShares: shares,
          lendablePercent,
          limitResponse: { type: "Queue", queuing: { queues, handSize, queueLengthLimit } },
        },
      })
    ),
  ];
}

/** The flow schemas of a new cluster. */
export function flowSchemas(): FlowSchema[] {
  const suggested = SCHEMAS.map(([name, matchingPrecedence, level, type, rule]) =>
    [name, {
      matchingPrecedence,
      priorityLevelConfiguration: { name: level },
      ...(type === "" ? {} : { distinguisherMethod: { type } }),
      rules: [rule],
    }] satisfies [string, FlowSchemaSpec]
  );
  return [...Object.entries(MANDATORY_FLOW_SCHEMAS), ...suggested].map(([name, spec]) => ({
    metadata: { name, annotations: { [AUTOUPDATE]: "true" } },
    spec,
  }));
}

/** Without these no request could be classified: they are put right whatever their annotation says. */
const MANDATORY = new Set(Object.keys(MANDATORY_FLOW_SCHEMAS));

/**
 * Makes the first objects, and keeps right those that say they want to be; takes away those that say so and are first
 * objects no more. To be repeated now and then.
 */
export async function ensureFlowControl(ensurer: Ensurer): Promise<void> {
  await Promise.all([
    keep(ensurer, PRIORITY_LEVEL_CONFIGURATIONS, priorityLevels()),
    keep(ensurer, FLOW_SCHEMAS, flowSchemas()),
  ]);
}

async function keep<T extends KubeObject & { spec?: unknown }>(
  ensurer: Ensurer,
  type: ResourceType<T>,
  wanted: readonly T[],
): Promise<void> {
  await Promise.all(
    wanted.map((desired) => ensurer.ensure(type, desired, (there) => mended(there, desired))),
  );
  const names = new Set(wanted.map(({ metadata }) => metadata?.name));
  const { reader, writer } = ensurer;
  for (const { metadata = {} } of reader.list<T>(type.group, type.resource)) {
    if (metadata.annotations?.[AUTOUPDATE] !== "true" || names.has(metadata.name)) continue;
    await writer.delete(type.group, type.resource, "", metadata.name ?? "", {
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    });
  }
}

/** What an object becomes; undefined where it is right. Pure. */
export function mended<T extends KubeObject & { spec?: unknown }>(
  existing: T,
  desired: T,
): T | undefined {
  const { metadata = {} } = existing;
  const said = metadata.annotations?.[AUTOUPDATE];
  // One that says nothing is kept up to date until somebody else changes it.
  const updates = isFixed(desired) || said === "true" ||
    said !== "false" && metadata.generation === 1;
  const right = !updates || equalJson(existing.spec, desired.spec);
  if (right && said === String(updates)) return undefined;
  return {
    ...existing,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [AUTOUPDATE]: String(updates) },
    },
    ...(right ? {} : { spec: desired.spec }),
  };
}

/** How many seats the exempt level lends is for the cluster's administrators to say. */
function isFixed({ metadata, spec }: KubeObject & { spec?: unknown }): boolean {
  const { type } = (spec ?? {}) as { readonly type?: string };
  return MANDATORY.has(metadata?.name ?? "") && type !== "Exempt";
}
