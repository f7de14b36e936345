/** Watches: from where they start, what they select, their bookmarks. */
import type { JsonObject } from "../../../components/base/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";

const config = (name: string, labels: JsonObject = {}) => ({
  send: "POST configmaps",
  body: { metadata: { name, labels } },
  code: 201,
});
const label = (name: string, x: string | null) => ({
  send: `PATCH configmaps/${name}`,
  type: "merge",
  body: { metadata: { labels: { x } } },
  code: 200,
});
const START = { send: "GET configmaps", code: 200, keep: { rv: "metadata.resourceVersion" } };
const event = (type: string, name: string, labels?: JsonObject): JsonObject => ({
  type,
  object: { kind: "ConfigMap", metadata: { name, ...(labels === undefined ? {} : { labels }) } },
});

const WATCH: Cases = {
  "tells what came after a revision": [
    config("before"),
    START,
    config("a"),
    label("a", "1"),
    { send: "DELETE configmaps/a", code: 200 },
    {
      send: "GET configmaps?watch=true&resourceVersion=$rv",
      code: 200,
      lines: [event("ADDED", "a"), event("MODIFIED", "a", { x: "1" }), event("DELETED", "a")],
    },
  ],
  "without a revision starts with what is there": [config("b"), config("a"), {
    send: "GET configmaps?watch=true",
    code: 200,
    lines: [event("ADDED", "a"), event("ADDED", "b")],
  }],
  "with a selector tells of objects that come and go by it": [
    config("a"),
    START,
    label("a", "1"),
    label("a", "2"),
    {
      send: "GET configmaps?watch=true&resourceVersion=$rv&labelSelector=x%3D1",
      code: 200,
      lines: [event("ADDED", "a", { x: "1" }), event("DELETED", "a", { x: "1" })],
    },
  ],
  "of one name": [START, config("a"), config("b"), {
    send: "GET configmaps?watch=true&resourceVersion=$rv&fieldSelector=metadata.name%3Db",
    code: 200,
    lines: [event("ADDED", "b")],
  }],
  "with the state first, then the bookmark that ends it": [config("a"), {
    send: "GET configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan" +
      "&allowWatchBookmarks=true",
    code: 200,
    lines: [event("ADDED", "a"), {
      type: "BOOKMARK",
      object: {
        kind: "ConfigMap",
        apiVersion: "v1",
        metadata: { annotations: { "k8s.io/initial-events-end": "true" } },
      },
    }],
  }],
  "with the state first needs a match": [{
    send: "GET configmaps?watch=true&sendInitialEvents=true",
    code: 422,
    reason: "Invalid",
    message:
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting ' +
      "resourceVersionMatch to NotOlderThan",
  }],
  "a list has no state first": [{
    send: "GET configmaps?sendInitialEvents=true",
    code: 422,
    message:
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  }],
  "as a table tells columns once": [START, config("a"), config("b"), {
    send: "GET configmaps?watch=true&resourceVersion=$rv",
    accept: "application/json;as=Table;g=meta.k8s.io;v=v1",
    code: 200,
    lines: [
      {
        type: "ADDED",
        object: {
          kind: "Table",
          columnDefinitions: [{ name: "Name" }, { name: "Data" }, { name: "Age" }],
          rows: [{ cells: ["a", 0, "0s"] }],
        },
      },
      { type: "ADDED", object: { columnDefinitions: null, rows: [{ cells: ["b", 0, "0s"] }] } },
    ],
  }],
  "by the older path": [START, config("a"), {
    send: "GET /api/v1/watch/namespaces/$ns/configmaps?resourceVersion=$rv",
    code: 200,
    lines: [event("ADDED", "a")],
  }],
  "at a revision that is none": [{
    send: "GET configmaps?watch=true&resourceVersion=soon",
    code: 422,
    reason: "Invalid",
    message:
      'configmaps "" is invalid: resourceVersion: Invalid value: "soon": strconv.ParseUint: parsing "soon": invalid syntax',
  }],
};

testCases("watch", WATCH);
