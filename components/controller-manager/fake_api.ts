import {
  alreadyExists,
  ApiError,
  type Clock,
  cloneJson,
  conflict,
  equalJson,
  type JsonObject,
  nameSuffix,
  notFound,
  OBJECT_MODIFIED,
  type Random,
  timestamp,
} from "../base/mod.ts";
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicPatch,
  BUILTIN_KINDS,
  type KubeObject,
  parseLabelSelector,
  type ResourceDefinition,
} from "../api/served.ts";
import { objectKey } from "../reconcile/mod.ts";

interface Watcher {
  readonly definition: ResourceDefinition;
  readonly selects: (object: KubeObject) => boolean;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

interface Address {
  readonly definition: ResourceDefinition;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

const encoder = new TextEncoder();

/**
 * For tests: an API server of one map behind a `fetch`. It has the kinds, defaults and patches of the real one, and
 * the rules that controllers live by: revisions, preconditions, finalizers, graceful deletion of pods, and watches.
 */
export class FakeApi {
  readonly objects = new Map<string, { definition: ResourceDefinition; object: KubeObject }>();
  /** Every write that was accepted, as `VERB resource key`. */
  readonly writes: string[] = [];
  /** May refuse a write. */
  refuse: (verb: string, address: Address, body: KubeObject) => ApiError | undefined = () =>
    undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #watchers = new Set<Watcher>();
  #revision = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    try {
      const url = new URL(request.url);
      const discovery = this.#discovery(url.pathname);
      if (discovery !== undefined) return Response.json(discovery);
      const address = readAddress(url.pathname);
      const body = request.body === null ? undefined : await request.json();
      return this.#serve(request, url.searchParams, address, body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return Response.json(error.toStatus(), { status: error.code });
    }
  };

  /** Objects of one resource, as they stand. */
  list<T extends KubeObject>(resource: string, namespace?: string): T[] {
    return [...this.objects.values()]
      .filter(({ definition, object }) =>
        definition.plural === resource &&
        (namespace === undefined || object.metadata?.namespace === namespace)
      ).map(({ object }) => object as T);
  }

  /** Changes an object as if some other client had written it, status and all. */
  change<T extends KubeObject>(resource: string, name: string, edit: (object: T) => void): void {
    for (const [key, { definition, object }] of this.objects) {
      if (definition.plural !== resource || object.metadata?.name !== name) continue;
      const next = cloneJson(object) as T;
      edit(next);
      this.#store(key, definition, next, object);
      return;
    }
    throw new Error(`no ${resource} ${name}`);
  }

  /** Ends a pod that is going, as its kubelet does. */
  endPod(name: string): void {
    for (const [key, { definition, object }] of this.objects) {
      if (definition.plural === "pods" && object.metadata?.name === name) {
        const next = cloneJson(object);
        next.metadata!.deletionTimestamp ??= timestamp(this.#clock.now());
        next.metadata!.deletionGracePeriodSeconds = 0;
        this.#storeOrRemove(key, definition, next, object);
      }
    }
  }

  #serve(
    request: Request,
    query: URLSearchParams,
    address: Address,
    // deno-lint-ignore no-explicit-any
    body: any,
  ): Response {
    const { definition, namespace, name } = address;
    if (request.method === "GET" && name === "") {
      const selects = this.#selection(query, definition, namespace);
      return query.get("watch") === "true"
        ? this.#watch(definition, selects, Number(query.get("resourceVersion") ?? 0))
        : this.#listing(definition, selects);
    }
    if (request.method === "GET") return Response.json(this.#find(address).object);
    const refused = this.refuse(request.method, address, body ?? {});
    if (refused !== undefined) throw refused;
    const written = this.#write(request, query, address, body);
    this.writes.push(`${request.method} ${definition.plural} ${objectKey(written)}`);
    return Response.json(written);
  }

  #write(
    request: Request,
    query: URLSearchParams,
    address: Address,
    // deno-lint-ignore no-explicit-any
    body: any,
  ): KubeObject {
    const { definition, namespace, name } = address;
    switch (request.method) {
      case "POST":
        return this.#create(address, body);
      case "PUT":
        return this.#update(address, body);
      case "PATCH":
        return this.#patch(address, body, request.headers.get("content-type") ?? "");
      case "DELETE": {
        if (name !== "") return this.#delete(address, body ?? {});
        const selects = this.#selection(query, definition, namespace);
        for (const { definition: other, object } of [...this.objects.values()]) {
          if (other !== definition || !selects(object)) continue;
          this.#delete({ ...address, name: object.metadata?.name ?? "" }, body ?? {});
        }
        return { kind: "Status" };
      }
    }
    throw new ApiError(405, "MethodNotAllowed", request.method);
  }

  #create({ definition, namespace }: Address, object: KubeObject): KubeObject {
    const metadata = object.metadata ??= {};
    if (namespace !== "") metadata.namespace = namespace;
    metadata.name ||= (metadata.generateName ?? "") + nameSuffix(this.#random);
    const key = keyOf(definition, object);
    if (this.objects.has(key)) throw alreadyExists(groupResource(definition), metadata.name);
    definition.strategy.prepareForCreate(object);
    definition.applyDefaults(object);
    metadata.uid = this.#random.uuid();
    metadata.creationTimestamp = timestamp(this.#clock.now());
    if (definition.plural === "namespaces") {
      Object.assign(object, { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
    }
    if (definition.plural === "pods") Object.assign(object, { status: { phase: "Pending" } });
    this.#store(key, definition, object, undefined);
    return object;
  }

  #update(address: Address, next: KubeObject): KubeObject {
    const { definition, subresource } = address;
    const { key, object: previous } = this.#find(address);
    const expected = next.metadata?.resourceVersion ?? "";
    if (expected !== "" && expected !== previous.metadata?.resourceVersion) {
      throw conflict(groupResource(definition), address.name, OBJECT_MODIFIED);
    }
    const { ownerReferences: _o, finalizers: _f, labels: _l, annotations: _a, ...fixed } =
      previous.metadata ?? {};
    next.metadata = { ...fixed, ...next.metadata };
    if (subresource === "status") definition.strategy.prepareForStatusUpdate(next, previous);
    else if (subresource === "") definition.strategy.prepareForUpdate(next, previous);
    if (equalJson(next, previous)) return previous;
    this.#storeOrRemove(key, definition, next, previous);
    return next;
  }

  #patch(address: Address, patch: JsonObject, type: string): KubeObject {
    const { definition } = address;
    const { object } = this.#find(address);
    const uid = (patch["metadata"] as JsonObject | undefined)?.["uid"];
    if (uid !== undefined && uid !== object.metadata?.uid) {
      throw conflict(
        groupResource(definition),
        address.name,
        "the UID in the precondition differs",
      );
    }
    const before = cloneJson(object) as unknown as JsonObject;
    const next = type.includes("strategic")
      ? applyStrategicPatch(before, patch, definition.schema)
      : type.includes("json-patch")
      ? applyJsonPatch(before, patch)
      : applyMergePatch(before, patch);
    return this.#update(address, next as unknown as KubeObject);
  }

  #delete(address: Address, options: JsonObject): KubeObject {
    const { definition } = address;
    const { key, object } = this.#find(address);
    const wanted = (options["preconditions"] as JsonObject | undefined)?.["uid"];
    if (wanted !== undefined && wanted !== object.metadata?.uid) {
      throw conflict(
        groupResource(definition),
        address.name,
        "the UID in the precondition differs",
      );
    }
    const next = cloneJson(object);
    const metadata = next.metadata!;
    const policy = options["propagationPolicy"];
    const finalizer = policy === "Foreground"
      ? "foregroundDeletion"
      : policy === "Orphan"
      ? "orphan"
      : undefined;
    if (finalizer !== undefined && !metadata.finalizers?.includes(finalizer)) {
      metadata.finalizers = [...metadata.finalizers ?? [], finalizer];
    }
    const pod = next as { spec?: { nodeName?: string; terminationGracePeriodSeconds?: number } };
    const grace = definition.plural !== "pods" || (pod.spec?.nodeName ?? "") === ""
      ? 0
      : Number(options["gracePeriodSeconds"] ?? pod.spec?.terminationGracePeriodSeconds ?? 30);
    metadata.deletionTimestamp ??= timestamp(this.#clock.now() + grace * 1000);
    if (definition.plural === "pods") metadata.deletionGracePeriodSeconds = grace;
    if (definition.plural === "namespaces") {
      Object.assign(next, {
        status: { ...(next as JsonObject)["status"] as JsonObject, phase: "Terminating" },
      });
    }
    this.#storeOrRemove(key, definition, next, object);
    return next;
  }

  /** An object that is going goes when nothing holds it any more. */
  #storeOrRemove(
    key: string,
    definition: ResourceDefinition,
    next: KubeObject,
    previous: KubeObject,
  ): void {
    const metadata = next.metadata ?? {};
    const holders = (next as { spec?: { finalizers?: string[] } }).spec?.finalizers ?? [];
    const isHeld = (metadata.finalizers ?? []).length > 0 || holders.length > 0 ||
      (metadata.deletionGracePeriodSeconds ?? 0) > 0;
    this.#store(key, definition, next, previous);
    if (metadata.deletionTimestamp === undefined || isHeld) return;
    this.objects.delete(key);
    metadata.resourceVersion = String(++this.#revision);
    this.#tell("DELETED", definition, next);
  }

  #store(
    key: string,
    definition: ResourceDefinition,
    next: KubeObject,
    previous: KubeObject | undefined,
  ): void {
    next.apiVersion = definition.group === ""
      ? definition.version
      : `${definition.group}/${definition.version}`;
    next.kind = definition.kind;
    next.metadata!.resourceVersion = String(++this.#revision);
    this.objects.set(key, { definition, object: next });
    this.#tell(previous === undefined ? "ADDED" : "MODIFIED", definition, next);
  }

  #tell(type: string, definition: ResourceDefinition, object: KubeObject): void {
    const line = encoder.encode(JSON.stringify({ type, object }) + "\n");
    for (const watcher of this.#watchers) {
      if (watcher.definition === definition && watcher.selects(object)) {
        try {
          watcher.controller.enqueue(line);
        } catch {
          this.#watchers.delete(watcher);
        }
      }
    }
  }

  #watch(
    definition: ResourceDefinition,
    selects: (object: KubeObject) => boolean,
    since: number,
  ): Response {
    let watcher: Watcher;
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          watcher = { definition, selects, controller };
          this.#watchers.add(watcher);
          for (const { definition: other, object } of this.objects.values()) {
            if (other !== definition || !selects(object)) continue;
            if (Number(object.metadata?.resourceVersion) <= since) continue;
            controller.enqueue(encoder.encode(JSON.stringify({ type: "ADDED", object }) + "\n"));
          }
        },
        cancel: () => {
          this.#watchers.delete(watcher);
        },
      }),
    );
  }

  #listing(definition: ResourceDefinition, selects: (object: KubeObject) => boolean): Response {
    const items = [...this.objects.values()]
      .filter(({ definition: other, object }) => other === definition && selects(object))
      .map(({ object }) => object);
    const metadata = { resourceVersion: String(this.#revision) };
    return Response.json({ kind: definition.listKind, apiVersion: "v1", metadata, items });
  }

  #selection(query: URLSearchParams, definition: ResourceDefinition, namespace: string) {
    const labels = parseLabelSelector(query.get("labelSelector") ?? "");
    const fields = (query.get("fieldSelector") ?? "").split(",").filter((part) => part !== "")
      .map((part) => part.split("="));
    return (object: KubeObject): boolean =>
      (namespace === "" || object.metadata?.namespace === namespace) &&
      labels.matches(object.metadata?.labels) &&
      fields.every(([name = "", value]) => definition.selectableFields(object)[name] === value);
  }

  #find(address: Address): { key: string; object: KubeObject } {
    const { definition, namespace, name } = address;
    const key = keyOf(definition, { metadata: { name, namespace } });
    const found = this.objects.get(key);
    if (found === undefined) throw notFound(groupResource(definition), name);
    return { key, object: found.object };
  }

  #discovery(path: string): unknown {
    const groups = [...new Set(BUILTIN_KINDS.map(({ group }) => group))].filter((g) => g !== "");
    const versions = (group: string) => [
      ...new Set(
        BUILTIN_KINDS.filter((one) => one.group === group).map(({ version }) => version),
      ),
    ];
    if (path === "/api") return { kind: "APIVersions", versions: ["v1"] };
    if (path === "/apis") {
      return {
        kind: "APIGroupList",
        groups: groups.map((name) => ({
          name,
          versions: versions(name).map((version) => ({ version })),
          preferredVersion: { version: versions(name)[0] },
        })),
      };
    }
    const [, root, group = "", version = "", more] = path.split("/");
    if (more !== undefined) return undefined;
    const kinds = root === "api"
      ? BUILTIN_KINDS.filter((one) => one.group === "" && one.version === group)
      : BUILTIN_KINDS.filter((one) => one.group === group && one.version === version);
    if (kinds.length === 0 || (root === "api" && version !== "")) return undefined;
    return {
      kind: "APIResourceList",
      resources: kinds.map(({ plural, kind, namespaced, verbs }) => ({
        name: plural,
        kind,
        namespaced,
        verbs,
      })),
    };
  }
}

const groupResource = ({ group, plural }: ResourceDefinition) => ({ group, resource: plural });

const keyOf = (definition: ResourceDefinition, object: KubeObject): string =>
  `${definition.group}/${definition.plural}/${object.metadata?.namespace ?? ""}/${
    object.metadata?.name ?? ""
  }`;

function readAddress(path: string): Address {
  const parts = path.slice(1).split("/").map(decodeURIComponent);
  const root = parts.shift();
  const group = root === "api" ? "" : parts.shift() ?? "";
  const version = parts.shift() ?? "";
  let namespace = "";
  if (
    parts[0] === "namespaces" && parts.length > 2 && parts[2] !== "finalize" &&
    parts[2] !== "status"
  ) {
    parts.shift();
    namespace = parts.shift() ?? "";
  }
  const [plural = "", name = "", subresource = ""] = parts;
  const definition = BUILTIN_KINDS.find((one) =>
    one.group === group && one.version === version && one.plural === plural
  );
  if (definition === undefined) throw notFound({ group, resource: plural }, name);
  return { definition, namespace, name, subresource };
}
