/** GET of one and of many: selectors, pages, revisions, forms. */
import type { JsonObject } from "../../../components/base/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";

const config = (name: string, labels: JsonObject = {}) => ({
  send: "POST configmaps",
  body: { metadata: { name, labels }, data: { k: name } },
  code: 201,
});
const THREE = [config("c", { x: "1" }), config("a", { x: "2" }), config("b")];
const names = (...list: string[]) => ({ items: list.map((name) => ({ metadata: { name } })) });
const TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1";
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

const LIST: Cases = {
  "of nothing": [{
    send: "GET configmaps",
    code: 200,
    has: { kind: "ConfigMapList", apiVersion: "v1", items: [] },
  }],
  "by name, without kinds": [...THREE, {
    send: "GET configmaps",
    code: 200,
    has: names("a", "b", "c"),
    lacks: ["items.0.kind", "items.0.apiVersion", "metadata.continue"],
  }],
  "by label": [
    ...THREE,
    { send: "GET configmaps?labelSelector=x%3D1", code: 200, has: names("c") },
    { send: "GET configmaps?labelSelector=x", code: 200, has: names("a", "c") },
    { send: "GET configmaps?labelSelector=!x", code: 200, has: names("b") },
    { send: "GET configmaps?labelSelector=x+in+(1,2)", code: 200, has: names("a", "c") },
    { send: "GET configmaps?labelSelector=x+notin+(1)", code: 200, has: names("a", "b") },
  ],
  "by a label selector that is none": [{
    send: "GET configmaps?labelSelector=x+in",
    code: 400,
    reason: "BadRequest",
    message: "unable to parse requirement: found '' expected: '('",
  }],
  "by field": [
    ...THREE,
    { send: "GET configmaps?fieldSelector=metadata.name%3Da", code: 200, has: names("a") },
    { send: "GET configmaps?fieldSelector=metadata.name!%3Da", code: 200, has: names("b", "c") },
  ],
  "by a field that is no selector": [{
    send: "GET configmaps?fieldSelector=data.k%3Dv",
    code: 400,
    reason: "BadRequest",
    message: '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"',
  }],
  "in pages of one revision": [
    ...THREE,
    {
      send: "GET configmaps?limit=2",
      code: 200,
      has: { ...names("a", "b"), metadata: { remainingItemCount: 1 } },
      keep: { next: "metadata.continue", rv: "metadata.resourceVersion" },
    },
    config("aa"),
    {
      send: "GET configmaps?limit=2&continue=$next",
      code: 200,
      has: { ...names("c"), metadata: { resourceVersion: "$rv" } },
      lacks: ["metadata.continue", "metadata.remainingItemCount"],
    },
  ],
  "continued at a revision": [...THREE, {
    send: "GET configmaps?limit=1",
    code: 200,
    keep: { next: "metadata.continue" },
  }, {
    send: "GET configmaps?limit=1&continue=$next&resourceVersion=5",
    code: 400,
    message: "specifying resource version is not allowed when using continue",
  }],
  "continued with what is no token": [{
    send: "GET configmaps?limit=1&continue=nonsense!",
    code: 400,
    reason: "BadRequest",
  }],
  "at exactly a past revision": [
    { ...config("a"), keep: { rv: "metadata.resourceVersion" } },
    config("b"),
    {
      send: "GET configmaps?resourceVersion=$rv&resourceVersionMatch=Exact",
      code: 200,
      has: { ...names("a"), metadata: { resourceVersion: "$rv" } },
    },
    {
      send: "GET configmaps?resourceVersion=$rv&resourceVersionMatch=NotOlderThan",
      code: 200,
      has: names("a", "b"),
    },
  ],
  "with a match and no revision": [{
    send: "GET configmaps?resourceVersionMatch=Exact",
    code: 422,
    reason: "Invalid",
    message:
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless ' +
      "resourceVersion is provided",
  }],
  "at a revision that is none": [{
    send: "GET configmaps?resourceVersion=soon",
    code: 400,
    reason: "BadRequest",
  }],
  "as a table": [config("a"), {
    send: "GET configmaps",
    accept: TABLE,
    code: 200,
    has: {
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      columnDefinitions: [{ name: "Name" }, { name: "Data" }, { name: "Age" }],
      rows: [{ cells: ["a", 1, "0s"], object: { kind: "PartialObjectMetadata" } }],
    },
  }],
  "as metadata": [config("a"), {
    send: "GET configmaps",
    accept: METADATA_LIST,
    code: 200,
    has: { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" },
    lacks: ["items.0.data"],
  }, {
    send: "GET configmaps/a",
    accept: METADATA,
    code: 200,
    has: { kind: "PartialObjectMetadata", metadata: { name: "a" } },
    lacks: ["data"],
  }],
  "writes answer tables and metadata too": [{
    ...config("a"),
    accept: TABLE,
    has: { kind: "Table", rows: [{ cells: ["a", 1, "0s"], object: { metadata: { name: "a" } } }] },
  }, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { data: { l: "m" } },
    accept: METADATA,
    code: 200,
    has: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } },
    lacks: ["data"],
  }, {
    send: "DELETE configmaps",
    accept: METADATA_LIST,
    code: 200,
    has: { kind: "PartialObjectMetadataList", items: [{ metadata: { name: "a" } }] },
  }],
  "one in YAML": [config("a"), {
    send: "GET configmaps/a",
    accept: "application/yaml",
    code: 200,
  }],
  "in a form that is not there": [config("a"), {
    send: "GET configmaps/a",
    accept: "text/html",
    code: 406,
    reason: "NotAcceptable",
    message: "only the following media types are accepted: application/json, application/yaml, " +
      "application/vnd.kubernetes.protobuf",
  }, {
    send: "POST configmaps",
    body: { metadata: { name: "never" } },
    accept: "text/html",
    code: 406,
  }, { send: "GET configmaps/never", code: 404 }],
};

testCases("get and list", LIST);
