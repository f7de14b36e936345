import { type Random, randomInteger } from "../../components/base/mod.ts";
import { BUILTIN_KINDS, type ResourceDefinition } from "../../components/api/served.ts";
import { damage, hostile } from "./damage.ts";
import { pick, randomStruct } from "./random_object.ts";

const ORIGIN = "http://cluster.invalid";
const NAMES = [
  "a",
  "web",
  "default",
  "kube-system",
  "node-1",
  "kubernetes",
  "x".repeat(300),
  "A_b",
];
const ODD_NAMES = ["..", "%2e%2e", "a%2fb", "%00", "%", "a b", "ü", "", "*", "a;b", "-a", "0"];
const METHODS = ["GET", "GET", "POST", "POST", "POST", "PUT", "PATCH", "PATCH", "PATCH", "DELETE"];
const ODD_METHODS = ["HEAD", "OPTIONS", "QUERY"];

// deno-fmt-ignore
const PARAMETERS = [
  "limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector", "fieldSelector", "watch",
  "allowWatchBookmarks", "sendInitialEvents", "timeoutSeconds", "timeout", "dryRun", "fieldManager", "fieldValidation",
  "force", "pretty", "propagationPolicy", "gracePeriodSeconds", "orphanDependents", "includeObject", "container",
  "command", "stdin", "follow", "tailLines", "sinceTime", "previous", "ports", "path", "unknown",
];
// deno-fmt-ignore
const VALUES = [
  "", "0", "1", "-1", "true", "false", "x", "All", "Strict", "Warn", "Exact", "NotOlderThan", "Foreground", "Orphan",
  "9223372036854775808", "1e9", "1s", "-1s", "999h", "a=b", "a!=b,c", "a in (b,c)", "a in (", "!a", "metadata.name=a",
  "spec.nodeName=", "metadata.name!=a,metadata.namespace=b", "a=b=c", "=", ",", "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", "%zz",
  "2024-01-01T00:00:00Z", "\u0000", "Metadata", "None", "ü", "x".repeat(2_000), "^(a+)+$",
];
const ACCEPTS = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "application/json;as=Table;g=meta.k8s.io;v=v1",
  "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
  "application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1",
  "application/json;stream=watch",
  "*/*",
  "text/html",
  ";;,q=",
  "application/cbor",
];
const BODY_TYPES = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "text/plain",
  "",
];
const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
  "application/apply-patch+cbor",
];
const POINTERS = [
  "",
  "/",
  "/metadata",
  "/metadata/labels/a",
  "/metadata/name",
  "/metadata/managedFields",
  "/spec/containers/0/image",
  "/spec/containers/-",
  "/spec/replicas",
  "/~2",
  "/a/b/c",
  "spec",
  "/metadata/finalizers/99999999999",
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ["impersonate-user", ["a", "system:node:node-1", "system:serviceaccount:default:default", ""]],
  ["impersonate-group", ["system:masters", "a"]],
  ["impersonate-uid", ["1"]],
  ["impersonate-extra-a%2fb", ["x"]],
  ["authorization", [
    "Bearer",
    "Bearer a.b.c",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
    "Basic YTpi",
    "x",
  ]],
  ["x-remote-user", ["admin"]],
  ["content-encoding", ["gzip", "identity", "x"]],
  ["if-none-match", ['"a"', "*"]],
  ["user-agent", ["", "kubectl/v1", "x".repeat(200)]],
  ["audit-id", ["a", "x".repeat(100)]],
  ["upgrade", ["websocket", "SPDY/3.1"]],
];

/** A request of any kind: most nearly right, some damaged in path, query, headers or body. */
export function randomRequest(random: Random): Request {
  const kind = pick(random, BUILTIN_KINDS);
  const method = random.next() < 0.02 ? pick(random, ODD_METHODS) : pick(random, METHODS);
  const headers = new Headers({
    accept: random.next() < 0.7 ? "application/json" : pick(random, ACCEPTS),
  });
  for (const [name, values] of HEADERS) {
    if (random.next() < 0.03) headers.set(name, pick(random, values));
  }
  const body = randomBody(random, kind, method, headers);
  const url = `${ORIGIN}${randomPath(random, kind, method)}${randomQuery(random)}`;
  try {
    return new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
  } catch {
    // No URL at all: nothing that a server could be sent.
    return new Request(`${ORIGIN}/`, { method: "GET" });
  }
}

function randomName(random: Random): string {
  return random.next() < 0.1 ? pick(random, ODD_NAMES) : pick(random, NAMES);
}

function randomPath(random: Random, kind: ResourceDefinition, method: string): string {
  if (random.next() < 0.03) {
    return pick(random, [
      "/",
      "/api",
      "/apis",
      "/version",
      "/openapi/v2",
      "/openapi/v3/api/v1",
      "/metrics",
      "/readyz/ping",
      "/api/v1/watch/pods",
      "//api//v1",
      "/apis/a/b/c/d/e/f",
      "/debug/api_priority_and_fairness/dump_queues",
    ]);
  }
  const base = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const parts = [base];
  if (kind.namespaced && random.next() < 0.95) parts.push("namespaces", randomName(random));
  parts.push(kind.plural);
  const named = method !== "POST" || random.next() < 0.1;
  if (named && random.next() < 0.85) parts.push(randomName(random));
  if (named && random.next() < 0.25) {
    const known = [...kind.subresources.keys()];
    parts.push(known.length > 0 && random.next() < 0.9 ? pick(random, known) : randomName(random));
    if (random.next() < 0.1) parts.push(randomName(random));
  }
  const path = parts.join("/");
  return random.next() < 0.05 ? damagedText(random, path) : path;
}

function damagedText(random: Random, text: string): string {
  const bytes = damage(random, new TextEncoder().encode(text));
  return `/${new TextDecoder().decode(bytes).replace(/^\/+/, "")}`;
}

function randomQuery(random: Random): string {
  const query = new URLSearchParams();
  while (random.next() < 0.4) query.append(pick(random, PARAMETERS), pick(random, VALUES));
  const text = query.size === 0 ? "" : `?${query}`;
  return random.next() < 0.02 ? `${text}&%zz=%` : text;
}

type Body = Uint8Array<ArrayBuffer> | undefined;

function randomBody(
  random: Random,
  kind: ResourceDefinition,
  method: string,
  headers: Headers,
): Body {
  if (method === "GET" || method === "HEAD") return undefined;
  if (method === "DELETE" && random.next() < 0.7) return undefined;
  const types = method === "PATCH" ? PATCH_TYPES : BODY_TYPES;
  headers.set(
    "content-type",
    random.next() < 0.9 ? types[randomInteger(random, 4) % types.length]! : pick(random, types),
  );
  if (random.next() < 0.01) return hostile(random);
  const patch = method === "PATCH" && headers.get("content-type") === PATCH_TYPES[0];
  const text = JSON.stringify(patch ? randomJsonPatch(random) : randomObject(random, kind, method));
  const bytes = new TextEncoder().encode(text);
  return random.next() < 0.3 ? damage(random, bytes) : bytes;
}

function randomObject(random: Random, kind: ResourceDefinition, method: string): unknown {
  const object = randomStruct(random, kind.schema);
  if (method === "PATCH" && random.next() < 0.2) {
    Object.assign(object, { $patch: pick(random, ["replace", "delete", "merge", "x"]) });
  }
  const name = random.next() < 0.8 ? pick(random, ["a", "web"]) : randomName(random);
  const metadata = random.next() < 0.7 ? { name } : { ...object["metadata"] as object, name };
  return {
    ...object,
    apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata,
  };
}

function randomJsonPatch(random: Random): unknown {
  return Array.from({ length: randomInteger(random, 4) }, () => ({
    op: pick(random, ["add", "remove", "replace", "move", "copy", "test", "x"]),
    path: pick(random, POINTERS),
    ...(random.next() < 0.8 ? { value: pick(random, [1, "a", null, {}, [], { a: "b" }]) } : {}),
    ...(random.next() < 0.4 ? { from: pick(random, POINTERS) } : {}),
  }));
}
