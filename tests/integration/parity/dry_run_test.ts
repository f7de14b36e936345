/** Dry runs answer as if, and leave nothing. */
import { type Cases, testCases } from "./parity_case.ts";

const CONFIG = {
  send: "POST configmaps",
  body: { metadata: { name: "a" }, data: { k: "v" } },
  code: 201,
  keep: { rv: "metadata.resourceVersion" },
};
const SAME = {
  send: "GET configmaps/a",
  code: 200,
  has: { metadata: { resourceVersion: "$rv" }, data: { k: "v" } },
};

const DRY_RUN: Cases = {
  "create": [{
    send: "POST configmaps?dryRun=All",
    body: { metadata: { name: "a" } },
    code: 201,
    has: { metadata: { name: "a", namespace: "$ns" } },
    lacks: ["metadata.resourceVersion"],
    keep: { uid: "metadata.uid" },
  }, { send: "GET configmaps/a", code: 404 }],
  "create of what is there": [CONFIG, {
    send: "POST configmaps?dryRun=All",
    body: { metadata: { name: "a" } },
    code: 409,
    reason: "AlreadyExists",
    message: 'configmaps "a" already exists',
  }],
  "create that is invalid": [{
    send: "POST configmaps?dryRun=All",
    body: { metadata: { name: "A" } },
    code: 422,
  }],
  "create of a service reserves no address": [{
    send: "POST services?dryRun=All",
    body: { metadata: { name: "s" }, spec: { type: "NodePort", ports: [{ port: 80 }] } },
    code: 201,
    keep: { ip: "spec.clusterIP" },
  }, {
    send: "POST services",
    body: { metadata: { name: "t" }, spec: { clusterIP: "$ip", ports: [{ port: 80 }] } },
    code: 201,
  }],
  "update": [CONFIG, {
    send: "PUT configmaps/a?dryRun=All",
    body: { metadata: { name: "a" }, data: { k: "w" } },
    code: 200,
    has: { data: { k: "w" }, metadata: { resourceVersion: "$rv" } },
  }, SAME],
  "patch": [CONFIG, {
    send: "PATCH configmaps/a?dryRun=All",
    type: "merge",
    body: { data: { k: "w" } },
    code: 200,
    has: { data: { k: "w" } },
  }, SAME],
  "apply": [{
    send: "PATCH configmaps/a?dryRun=All&fieldManager=m",
    type: "apply",
    body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } },
    code: 201,
  }, { send: "GET configmaps/a", code: 404 }],
  "delete": [
    CONFIG,
    { send: "DELETE configmaps/a?dryRun=All", code: 200, has: { status: "Success" } },
    { send: "DELETE configmaps/a", body: { dryRun: ["All"] }, code: 200 },
    SAME,
  ],
  "delete of a collection": [CONFIG, {
    send: "DELETE configmaps?dryRun=All",
    code: 200,
    has: { items: [{ metadata: { name: "a" } }] },
  }, SAME],
  "binding": [
    {
      send: "POST pods",
      body: { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "nginx" }] } },
      code: 201,
    },
    {
      send: "POST pods/p/binding?dryRun=All",
      body: { metadata: { name: "p" }, target: { kind: "Node", name: "n" } },
      code: 201,
    },
    { send: "GET pods/p", code: 200, lacks: ["spec.nodeName"] },
    {
      send: "POST pods/p/eviction?dryRun=All",
      body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } },
      code: 201,
      has: { status: "Success" },
    },
    { send: "GET pods/p", code: 200, lacks: ["metadata.deletionTimestamp"] },
  ],
  "another word than All": [{
    send: "POST configmaps?dryRun=Some",
    body: { metadata: { name: "a" } },
    code: 422,
    message:
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
  }],
};

testCases("dry run", DRY_RUN);
