import type {
  GroupVersionKind,
  ResourceDefinition,
  SubresourceDefinition,
} from "../resource_definition.ts";
import {
  CONNECT_PARAMETERS,
  DELETE_PARAMETERS,
  LIST_PARAMETERS,
  LOG_PARAMETERS,
  PATCH_PARAMETERS,
  SELECT_PARAMETERS,
  WRITE_PARAMETERS,
} from "./parameters.ts";

export type Method = "get" | "put" | "post" | "delete" | "options" | "head" | "patch";

/** What an operation takes or answers. `own` is the resource's own kind. */
export type Payload = "own" | "list" | "body" | "options" | "patch" | "status" | "event" | "text";

/** One operation of the API, in no version of OpenAPI yet. */
export interface Operation {
  readonly path: string;
  readonly method: Method;
  readonly id: string;
  /** x-kubernetes-action */
  readonly action: string;
  readonly kind: GroupVersionKind;
  readonly query: readonly string[];
  readonly takes: Payload | undefined;
  readonly answers: Payload;
  readonly codes: readonly number[];
}

const CONNECT_METHODS: readonly Method[] = ["get", "post"];
const PROXY_METHODS: readonly Method[] = [
  "get",
  "put",
  "post",
  "delete",
  "options",
  "head",
  "patch",
];

/** `/api/v1`, `/apis/apps/v1`. */
export function rootOf(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** `core_v1`, `rbacAuthorization_v1`: how documents tag a version's operations. */
export function tagOf(group: string, version: string): string {
  const words = (group === "" ? "core" : group.replace(/\.k8s\.io$/, "")).split(".");
  return `${words.map((word, i) => (i === 0 ? word : upper(word))).join("")}_${version}`;
}

function upper(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Every operation that a definition's verbs and subresources make. */
export function operationsOf(definition: ResourceDefinition): Operation[] {
  return [
    ...collectionOperations(definition),
    ...objectOperations(definition),
    // Nobody asks for those of custom resources: they came after them.
    ...definition.custom === undefined ? watchOperations(definition) : [],
    ...[...definition.subresources.values()].flatMap((sub) =>
      subresourceOperations(definition, sub)
    ),
  ];
}

/** The parts of names and paths that all operations of a definition share. */
function partsOf({ group, version, kind, plural, namespaced }: ResourceDefinition) {
  const root = rootOf(group, version);
  const scope = namespaced ? "/namespaces/{namespace}" : "";
  const [tag = "", tagVersion = ""] = tagOf(group, version).split("_");
  return {
    root,
    collection: `${root}${scope}/${plural}`,
    watched: `${root}/watch${scope}/${plural}`,
    /** `CoreV1` */
    tag: upper(tag) + upper(tagVersion),
    /** `NamespacedPod` */
    name: `${namespaced ? "Namespaced" : ""}${kind}`,
    own: { group, version, kind },
  };
}

function collectionOperations(definition: ResourceDefinition): Operation[] {
  const { root, collection, tag, name, own } = partsOf(definition);
  const { kind, plural, namespaced, verbs } = definition;
  const at = { path: collection, kind: own, codes: [200] };
  const operations: Operation[] = [];
  const list = { method: "get", action: "list", query: LIST_PARAMETERS, takes: undefined } as const;
  if (verbs.includes("list")) {
    operations.push({ ...at, ...list, id: `list${tag}${name}`, answers: "list" });
    if (namespaced) {
      const id = `list${tag}${kind}ForAllNamespaces`;
      operations.push({ ...at, ...list, path: `${root}/${plural}`, id, answers: "list" });
    }
  }
  if (verbs.includes("create")) {
    operations.push({
      ...at,
      method: "post",
      id: `create${tag}${name}`,
      action: "post",
      query: WRITE_PARAMETERS,
      takes: "own",
      answers: "own",
      codes: [200, 201, 202],
    });
  }
  if (verbs.includes("deletecollection")) {
    operations.push({
      ...at,
      method: "delete",
      id: `delete${tag}Collection${name}`,
      action: "deletecollection",
      query: [...new Set([...SELECT_PARAMETERS, ...DELETE_PARAMETERS])].sort(),
      takes: "options",
      answers: "status",
    });
  }
  return operations;
}

function objectOperations(definition: ResourceDefinition): Operation[] {
  const { collection, tag, name, own } = partsOf(definition);
  const at = { path: `${collection}/{name}`, kind: own };
  return definition.verbs.flatMap((verb) => writeOrRead(verb, at, `${tag}${name}`, "own")).map(
    (operation) =>
      operation.method === "delete" && definition.strategy.returnDeletedObject
        ? { ...operation, answers: "own" }
        : operation,
  );
}

/** One object's get, put, patch and delete; nothing for the verbs of collections. */
function writeOrRead(
  verb: string,
  at: { path: string; kind: GroupVersionKind },
  name: string,
  payload: "own" | "body",
): Operation[] {
  const both = { ...at, answers: payload };
  switch (verb) {
    case "get":
      return [{
        ...both,
        method: "get",
        id: `read${name}`,
        action: "get",
        query: [],
        takes: undefined,
        codes: [200],
      }];
    case "update":
      return [{
        ...both,
        method: "put",
        id: `replace${name}`,
        action: "put",
        query: WRITE_PARAMETERS,
        takes: payload,
        codes: [200, 201],
      }];
    case "patch":
      return [{
        ...both,
        method: "patch",
        id: `patch${name}`,
        action: "patch",
        query: PATCH_PARAMETERS,
        takes: "patch",
        codes: [200, 201],
      }];
    case "delete":
      return [{
        ...at,
        method: "delete",
        id: `delete${name}`,
        action: "delete",
        query: DELETE_PARAMETERS,
        takes: "options",
        answers: "status",
        codes: [200, 202],
      }];
    default:
      return [];
  }
}

/** The old watch paths, beside `?watch=true`. */
function watchOperations(definition: ResourceDefinition): Operation[] {
  const { root, watched, tag, name, own } = partsOf(definition);
  const { kind, plural, namespaced, verbs } = definition;
  if (!verbs.includes("watch")) return [];
  const at = {
    method: "get",
    kind: own,
    query: LIST_PARAMETERS,
    takes: undefined,
    answers: "event",
    codes: [200],
  } as const;
  const all = `${root}/watch/${plural}`;
  return [
    { ...at, path: watched, id: `watch${tag}${name}List`, action: "watchlist" },
    { ...at, path: `${watched}/{name}`, id: `watch${tag}${name}`, action: "watch" },
    ...(namespaced
      ? [{ ...at, path: all, id: `watch${tag}${kind}ListForAllNamespaces`, action: "watchlist" }]
      : []),
  ];
}

function subresourceOperations(
  definition: ResourceDefinition,
  sub: SubresourceDefinition,
): Operation[] {
  const { collection, tag, name } = partsOf(definition);
  const path = `${collection}/{name}/${sub.name}`;
  const id = `${name}${upper(sub.name)}`;
  const query = CONNECT_PARAMETERS[sub.body.kind];
  if (query !== undefined) return connectOperations(path, tag, id, sub, query);
  if (sub.name === "log") {
    return [{
      path,
      method: "get",
      id: `read${tag}${id}`,
      action: "get",
      kind: sub.body,
      query: LOG_PARAMETERS,
      takes: undefined,
      answers: "text",
      codes: [200],
    }];
  }
  const at = { path, kind: sub.body };
  return sub.verbs.flatMap((verb) =>
    verb === "create"
      ? [{
        ...at,
        method: "post",
        id: `create${tag}${id}`,
        action: "post",
        query: WRITE_PARAMETERS,
        takes: "body",
        answers: "body",
        codes: [200, 201, 202],
      }]
      : writeOrRead(verb, at, `${tag}${id}`, "body")
  );
}

function connectOperations(
  path: string,
  tag: string,
  id: string,
  sub: SubresourceDefinition,
  query: readonly string[],
): Operation[] {
  const proxied = sub.name === "proxy";
  const methods = proxied ? PROXY_METHODS : CONNECT_METHODS;
  const places = proxied ? [["", ""], ["/{path}", "WithPath"]] as const : [["", ""]] as const;
  return places.flatMap(([below, suffix]) =>
    methods.map((method): Operation => ({
      path: path + below,
      method,
      id: `connect${tag}${upper(method)}${id}${suffix}`,
      action: "connect",
      kind: sub.body,
      query,
      takes: undefined,
      answers: "text",
      codes: [200],
    }))
  );
}
