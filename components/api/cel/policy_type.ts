import {
  BOOL,
  type CelField,
  type CelFields,
  type CelObjectType,
  DYN,
  INT,
  listOf,
  mapOf,
  objectOf,
  STRING,
  TIMESTAMP,
} from "./type.ts";

/** Types of the variables of admission policies and match conditions. */

const KIND = objectOf("kubernetes.GroupVersionKind", {
  group: STRING,
  version: STRING,
  kind: STRING,
});
const RESOURCE = objectOf("kubernetes.GroupVersionResource", {
  group: STRING,
  version: STRING,
  resource: STRING,
});
const USER = objectOf("kubernetes.UserInfo", {
  username: STRING,
  uid: STRING,
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
});

/** `request`: an AdmissionRequest without its objects. */
export const ADMISSION_REQUEST_TYPE: CelObjectType = objectOf("kubernetes.AdmissionRequest", {
  kind: KIND,
  resource: RESOURCE,
  subResource: STRING,
  requestKind: KIND,
  requestResource: RESOURCE,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo: USER,
  dryRun: BOOL,
  options: DYN,
});

const CONDITION = objectOf("kubernetes.NamespaceCondition", {
  status: STRING,
  type: STRING,
  lastTransitionTime: TIMESTAMP,
  message: STRING,
  reason: STRING,
});
const STRINGS = mapOf(STRING, STRING);

const NAMESPACE = objectOf("kubernetes.Namespace", {
  metadata: objectOf("kubernetes.NamespaceMetadata", {
    name: STRING,
    generateName: STRING,
    namespace: STRING,
    labels: STRINGS,
    annotations: STRINGS,
    UID: STRING,
    creationTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: INT,
    deletionTimestamp: TIMESTAMP,
    generation: INT,
    resourceVersion: STRING,
    finalizers: listOf(STRING),
  }),
  spec: objectOf("kubernetes.NamespaceSpec", { finalizers: listOf(STRING) }),
  status: objectOf("kubernetes.NamespaceStatus", {
    conditions: listOf(CONDITION),
    phase: STRING,
  }),
});

/** `namespaceObject`: null where the object is in no namespace. */
export const NAMESPACE_TYPE: CelObjectType = { ...NAMESPACE, nullable: true };

/** Any field, of any value. */
const FREE: CelFields = {
  get: (wireName): CelField => ({ type: DYN, wireName }),
};
const PATCH: CelObjectType = objectOf("JSONPatch", {
  op: STRING,
  path: STRING,
  from: STRING,
  value: DYN,
});

/** The objects that expressions of a mutating policy make: `Object{}`, `Object.spec{}`, `JSONPatch{}`. */
export function mutationType(name: string): CelObjectType | undefined {
  if (name === "JSONPatch") return PATCH;
  if (name !== "Object" && !name.startsWith("Object.")) return undefined;
  return { kind: "object", name, fields: FREE };
}
