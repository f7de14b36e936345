/** Definitions that come, change, collide and go, and what that is for their objects and watches. */
import { FakeClock, seededRandom } from "../../../components/base/mod.ts";
import { openPki } from "../../../components/pki/mod.ts";
import {
  created,
  DEFINITIONS,
  established,
  object,
  thing,
  things,
  version,
} from "./crd_definitions.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";

const COLOR = { color: { type: "string" } };

/** `Cg==` is a line break. */
const converting = (caBundle: string) => ({
  strategy: "Webhook",
  webhook: {
    conversionReviewVersions: ["v1"],
    clientConfig: { url: "https://127.0.0.1:1/convert", caBundle },
  },
});
const bundle = (caBundle: string, rest: Partial<Step>): Step => ({
  send: `PATCH ${DEFINITIONS}/things.bundle.test`,
  type: "merge",
  body: { spec: { conversion: converting(caBundle) } },
  code: 200,
  ...rest,
});
const AUTHORITY = (await openPki(undefined, { clock: new FakeClock(0), random: seededRandom(1) }))
  .authority.certificate;
const GOOD = new TextEncoder().encode(AUTHORITY).toBase64();
const TWO = {
  versions: [version("v1", COLOR), version("v2", COLOR, { storage: false })],
};

const LIFECYCLE: Cases = {
  "a webhook that cannot be trusted": [
    {
      send: `POST ${DEFINITIONS}`,
      body: thing("bundle.test", {}, { ...TWO, conversion: converting("Cg==") }),
      code: 201,
    },
    {
      send: `GET ${DEFINITIONS}/things.bundle.test`,
      eventually: true,
      code: 200,
      has: {
        status: {
          conditions: [
            { type: "NamesAccepted", status: "True" },
            {
              type: "Established",
              status: "False",
              reason: "InvalidCABundle",
              message: "The conversion webhook CABundle is invalid",
            },
          ],
        },
      },
    },
    { send: `GET ${things("bundle.test")}`, code: 404 },
    bundle("Cg==", {}),
    bundle(GOOD, {}),
    established("things.bundle.test"),
    { send: `GET ${things("bundle.test")}`, code: 200 },
    bundle("Cg==", {
      code: 422,
      message: 'CustomResourceDefinition.apiextensions.k8s.io "things.bundle.test" is invalid: ' +
        "spec.conversion.webhookClientConfig.caBundle: Invalid value: []byte{0xa}: " +
        "unable to load root certificates: unable to parse bytes as PEM block",
    }),
    { send: `DELETE ${DEFINITIONS}/things.bundle.test`, code: 200 },
  ],
  "a name that is in use is not given again": [
    ...created(thing("taken.test", COLOR)),
    {
      send: `POST ${DEFINITIONS}`,
      body: {
        ...thing("taken.test", COLOR),
        metadata: { name: "others.taken.test" },
        spec: {
          ...thing("taken.test", COLOR)["spec"] as object,
          names: { plural: "others", kind: "Thing", singular: "other", shortNames: ["tg", "ot"] },
        },
      },
      code: 201,
    },
    {
      send: `GET ${DEFINITIONS}/others.taken.test`,
      eventually: true,
      code: 200,
      has: {
        status: {
          acceptedNames: { plural: "others", singular: "other", kind: "" },
          conditions: [
            {
              type: "NamesAccepted",
              status: "False",
              reason: "ListKindConflict",
              message: '"ThingList" is already in use',
            },
            {
              type: "Established",
              status: "False",
              reason: "NotAccepted",
              message: "not all names are accepted",
            },
          ],
        },
      },
    },
    { send: "GET /apis/taken.test/v1/others", code: 404 },
    { send: `DELETE ${DEFINITIONS}/things.taken.test`, code: 200 },
    {
      send: `GET ${DEFINITIONS}/others.taken.test`,
      eventually: true,
      code: 200,
      has: {
        status: {
          acceptedNames: { kind: "Thing", listKind: "ThingList", shortNames: ["tg", "ot"] },
          conditions: [
            { type: "NamesAccepted", status: "True" },
            { type: "Established", status: "True" },
          ],
        },
      },
    },
    { send: "GET /apis/taken.test/v1/others", code: 200, has: { kind: "ThingList" } },
  ],
  "a deleted definition takes its objects along": [
    ...created(thing("gone.test", COLOR)),
    { send: `POST ${things("gone.test")}`, body: object("gone.test", {}), code: 201 },
    {
      send: `DELETE ${DEFINITIONS}/things.gone.test`,
      code: 200,
      has: {
        kind: "CustomResourceDefinition",
        metadata: { finalizers: ["customresourcecleanup.apiextensions.k8s.io"] },
        status: {
          conditions: [{}, {}, {
            type: "Terminating",
            status: "True",
            reason: "InstanceDeletionPending",
            message:
              "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
          }],
        },
      },
    },
    { send: `GET ${DEFINITIONS}/things.gone.test`, eventually: true, code: 404 },
    { send: `GET ${things("gone.test")}`, eventually: true, code: 404 },
    { send: "GET /apis/gone.test", code: 404 },
    ...created(thing("gone.test", COLOR)),
    { send: `GET ${things("gone.test")}`, code: 200, has: { items: [] } },
  ],
  "objects that are held hold their definition": [
    ...created(thing("held.test", COLOR)),
    {
      send: `POST ${things("held.test")}`,
      body: object("held.test", {}, { metadata: { name: "a", finalizers: ["held.test/mine"] } }),
      code: 201,
    },
    { send: `DELETE ${DEFINITIONS}/things.held.test`, code: 200 },
    {
      send: `GET ${DEFINITIONS}/things.held.test`,
      eventually: true,
      code: 200,
      has: {
        status: {
          conditions: [{}, {}, {
            type: "Terminating",
            status: "True",
            reason: "InstanceDeletionInProgress",
            message: "CustomResource deletion is in progress",
          }],
        },
      },
    },
    {
      send: `POST ${things("held.test")}`,
      body: object("held.test", {}, { metadata: { name: "b" } }),
      code: 403,
      reason: "Forbidden",
      message:
        'things.held.test "b" is forbidden: create not allowed while custom resource definition is terminating',
    },
    {
      send: `PATCH ${things("held.test")}/a`,
      type: "merge",
      body: { metadata: { finalizers: null } },
      code: 200,
    },
    { send: `GET ${DEFINITIONS}/things.held.test`, eventually: true, code: 404 },
  ],
  "a change of a definition holds at once for what is there": [
    ...created(thing("change.test", COLOR)),
    {
      send: `POST ${things("change.test")}`,
      body: object("change.test", { color: "red", size: 1 }),
      code: 201,
      lacks: ["spec.size"],
      warns: ['unknown field "spec.size"'],
    },
    {
      send: `PATCH ${DEFINITIONS}/things.change.test`,
      type: "json",
      body: [{
        op: "add",
        path: "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size",
        value: { type: "integer", default: 7 },
      }],
      code: 200,
      has: { metadata: { generation: 2 } },
    },
    {
      send: `GET ${things("change.test")}/a`,
      eventually: true,
      code: 200,
      has: { spec: { color: "red", size: 7 }, metadata: { generation: 1 } },
    },
    { send: `GET ${things("change.test")}`, code: 200, has: { items: [{ spec: { size: 7 } }] } },
    {
      send: `PATCH ${things("change.test")}/a`,
      type: "merge",
      body: { spec: { size: 8 } },
      code: 200,
      has: { spec: { size: 8 } },
    },
  ],
  "versions share their objects": [
    ...created(thing("versions.test", {}, {
      versions: [
        version("v1", { color: { type: "string" }, one: { type: "string", default: "1" } }),
        version("v2", { color: { type: "string", enum: ["red", "blue"] } }, { storage: false }),
        version("v3", {}, { storage: false, served: false }),
      ],
    })),
    {
      send: `POST ${things("versions.test")}`,
      body: object("versions.test", { color: "green" }),
      code: 201,
    },
    {
      send: `GET ${things("versions.test", "v2")}/a`,
      code: 200,
      has: { apiVersion: "versions.test/v2", spec: { color: "green" } },
      lacks: ["spec.one"],
    },
    { send: `GET ${things("versions.test", "v3")}/a`, code: 404 },
    {
      send: `POST ${things("versions.test", "v2")}`,
      body: {
        apiVersion: "versions.test/v2",
        kind: "Thing",
        metadata: { name: "b" },
        spec: { color: "green" },
      },
      code: 422,
      message:
        'Thing.versions.test "b" is invalid: spec.color: Unsupported value: "green": supported values: "red", "blue"',
    },
    {
      send: `POST ${things("versions.test", "v2")}`,
      body: {
        apiVersion: "versions.test/v2",
        kind: "Thing",
        metadata: { name: "b" },
        spec: { color: "red" },
      },
      code: 201,
      has: { apiVersion: "versions.test/v2", spec: { color: "red" } },
    },
    {
      send: `GET ${things("versions.test")}`,
      code: 200,
      has: {
        items: [
          { apiVersion: "versions.test/v1", spec: { color: "green" } },
          { apiVersion: "versions.test/v1", spec: { color: "red" } },
        ],
      },
    },
    {
      send: `PATCH ${things("versions.test", "v2")}/b`,
      type: "merge",
      body: { spec: { color: "blue" } },
      code: 200,
      has: { apiVersion: "versions.test/v2", metadata: { generation: 2 } },
    },
    {
      send: `PATCH ${DEFINITIONS}/things.versions.test`,
      type: "json",
      body: [
        { op: "replace", path: "/spec/versions/0/storage", value: false },
        { op: "replace", path: "/spec/versions/1/storage", value: true },
      ],
      code: 200,
      has: { status: { storedVersions: ["v1", "v2"] } },
    },
    {
      send: `GET ${things("versions.test", "v2")}/b`,
      eventually: true,
      code: 200,
      has: { apiVersion: "versions.test/v2", spec: { color: "blue" } },
    },
    {
      send: `GET ${things("versions.test", "v2")}`,
      code: 200,
      has: { items: [{ apiVersion: "versions.test/v2" }, { apiVersion: "versions.test/v2" }] },
    },
    {
      send: `PATCH ${DEFINITIONS}/things.versions.test`,
      type: "json",
      body: [{ op: "remove", path: "/spec/versions/0" }],
      code: 422,
      message:
        'CustomResourceDefinition.apiextensions.k8s.io "things.versions.test" is invalid: status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    },
  ],
  "fields that can be selected by": [
    ...created(thing("fields.test", {}, {
      versions: [version("v1", { color: { type: "string" }, size: { type: "integer" } }, {
        selectableFields: [{ jsonPath: ".spec.color" }, { jsonPath: ".spec.size" }],
      })],
    })),
    {
      send: `POST ${things("fields.test")}`,
      body: object("fields.test", { color: "red", size: 2 }),
      code: 201,
    },
    {
      send: `POST ${things("fields.test")}`,
      body: object("fields.test", {}, { metadata: { name: "b" } }),
      code: 201,
    },
    {
      send: `GET ${things("fields.test")}?fieldSelector=spec.color=red,spec.size=2`,
      code: 200,
      has: { items: [{ metadata: { name: "a" } }] },
    },
    {
      send: `GET ${things("fields.test")}?fieldSelector=spec.color!=red`,
      code: 200,
      has: { items: [{ metadata: { name: "b" } }] },
    },
    {
      send: `GET ${things("fields.test")}?fieldSelector=spec.other=red`,
      code: 400,
      message: "field label not supported: spec.other",
    },
    {
      send: `GET ${things("fields.test")}?watch=true&fieldSelector=spec.color=red`,
      code: 200,
      lines: [{ type: "ADDED", object: { metadata: { name: "a" } } }],
    },
  ],
  "groups of Kubernetes' own say who approved them": [
    {
      send: `POST ${DEFINITIONS}`,
      body: thing("mine.k8s.io", COLOR),
      code: 422,
      message:
        'CustomResourceDefinition.apiextensions.k8s.io "things.mine.k8s.io" is invalid: metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    },
    {
      send: `POST ${DEFINITIONS}`,
      body: {
        ...thing("mine.k8s.io", COLOR),
        metadata: {
          name: "things.mine.k8s.io",
          annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
        },
      },
      code: 201,
    },
    {
      ...established("things.mine.k8s.io"),
      has: {
        status: {
          conditions: [{ type: "NamesAccepted" }, { type: "Established" }, {
            type: "KubernetesAPIApprovalPolicyConformant",
            status: "False",
            reason: "UnapprovedAnnotation",
            message: 'not approved: "unapproved, for a test"',
          }],
        },
      },
    },
  ],
  "the status of a definition": [
    ...created(thing("crdstatus.test", COLOR)),
    {
      send: `PATCH ${DEFINITIONS}/things.crdstatus.test/status`,
      type: "merge",
      body: { status: { storedVersions: ["v1"] }, spec: { scope: "Cluster" } },
      code: 200,
      has: { spec: { scope: "Namespaced" } },
    },
    {
      send: `PATCH ${DEFINITIONS}/things.crdstatus.test`,
      type: "merge",
      body: { spec: { scope: "Cluster" } },
      code: 422,
      message:
        'CustomResourceDefinition.apiextensions.k8s.io "things.crdstatus.test" is invalid: spec.scope: Invalid value: "Cluster": field is immutable',
    },
  ],
};

testCases("definitions of custom resources", LIFECYCLE);
