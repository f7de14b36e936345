import type { KubeObject, Pod } from "../api/mod.ts";
import { cloneJson, isJsonObject, type JsonObject } from "../base/mod.ts";
import { Client } from "../client/mod.ts";

interface Watcher {
  readonly collection: string;
  readonly fieldSelector: string;
  send(line: string): void;
}

/** An event that watchers were told, or will be told when they come. */
interface Told {
  readonly path: string;
  readonly type: string;
  readonly object: KubeObject;
  readonly revision: number;
}

/**
 * A small API server in memory for this room's tests: objects by path, watches, graceful deletion of pods, and just
 * enough of the strategic merge patch for statuses. It validates nothing.
 */
export class FakeApi {
  readonly objects = new Map<string, KubeObject>();
  /** Every request as `METHOD path`, in order. */
  readonly requests: string[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #history: Told[] = [];
  #revision = 1;
  #uid = 1;

  readonly client = new Client({
    server: "http://fake",
    fetch: (request) => this.#handle(request),
    userAgent: "kubelet/test",
  });

  /** Puts an object as if a user had created it. */
  put(path: string, object: KubeObject): KubeObject {
    const before = this.objects.get(path);
    const stored = cloneJson(object);
    stored.metadata = { ...stored.metadata, resourceVersion: String(++this.#revision) };
    stored.metadata.uid ??= before?.metadata?.uid ?? `uid-${this.#uid++}`;
    this.objects.set(path, stored);
    this.#tell(path, before === undefined ? "ADDED" : "MODIFIED", stored);
    return stored;
  }

  remove(path: string): void {
    const object = this.objects.get(path);
    if (object === undefined) return;
    this.objects.delete(path);
    this.#tell(path, "DELETED", {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++this.#revision) },
    });
  }

  pod(name: string, namespace = "default"): Pod | undefined {
    return this.objects.get(podPath(name, namespace)) as Pod | undefined;
  }

  putPod(pod: Pod): Pod {
    const { name = "", namespace = "default" } = pod.metadata ?? {};
    const metadata = { ...pod.metadata, name, namespace };
    return this.put(podPath(name, namespace), {
      ...pod,
      apiVersion: "v1",
      kind: "Pod",
      metadata,
    }) as Pod;
  }

  /** Marks a pod for deletion, as DELETE without grace 0 does. */
  deletePod(name: string, graceSeconds: number, namespace = "default"): void {
    const pod = this.pod(name, namespace);
    if (pod === undefined) return;
    this.putPod({
      ...pod,
      metadata: {
        ...pod.metadata,
        deletionTimestamp: "2026-01-01T00:00:00Z",
        deletionGracePeriodSeconds: graceSeconds,
      },
    });
  }

  events(): { reason: string; message: string; type: string }[] {
    return [...this.objects].filter(([path]) => path.includes("/events/"))
      .map(([, event]) => event as unknown as { reason: string; message: string; type: string });
  }

  async #handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const text = await request.text();
    const body: unknown = text === "" ? {} : JSON.parse(text);
    this.requests.push(`${request.method} ${url.pathname}`);
    const path = url.pathname.endsWith("/status") ? url.pathname.slice(0, -7) : url.pathname;
    switch (request.method) {
      case "GET":
        if (url.searchParams.get("watch") === "true") return this.#watch(request, url);
        if (this.objects.has(path)) return Response.json(this.objects.get(path));
        if (isCollection(path)) return this.#list(path, url);
        return status(404, "NotFound", `${path} not found`);
      case "POST": {
        const object = body as KubeObject;
        if (url.pathname.endsWith("/token")) return Response.json(token(object));
        const target = `${path}/${object.metadata?.name ?? ""}`;
        if (this.objects.has(target)) return status(409, "AlreadyExists", "already exists");
        return Response.json(this.put(target, object), { status: 201 });
      }
      case "PUT":
        return Response.json(this.put(path, body as KubeObject));
      case "PATCH": {
        const object = this.objects.get(path);
        if (object === undefined) return status(404, "NotFound", `${path} not found`);
        const merged = merge(object as unknown as JsonObject, body as JsonObject);
        return Response.json(this.put(path, merged as unknown as KubeObject));
      }
      default: {
        const object = this.objects.get(path);
        if (object === undefined) return status(404, "NotFound", `${path} not found`);
        this.remove(path);
        return Response.json(object);
      }
    }
  }

  #list(path: string, url: URL): Response {
    const items = [...this.objects].filter(([each, object]) =>
      inCollection(each, path) && selected(object, url.searchParams.get("fieldSelector") ?? "")
    ).map(([, object]) => object);
    return Response.json({ items, metadata: { resourceVersion: String(this.#revision) } });
  }

  #watch(request: Request, url: URL): Response {
    const encoder = new TextEncoder();
    let watcher: Watcher | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        watcher = {
          collection: url.pathname,
          fieldSelector: url.searchParams.get("fieldSelector") ?? "",
          send: (line) => controller.enqueue(encoder.encode(line + "\n")),
        };
        // What came between a list and its watch.
        const after = Number(url.searchParams.get("resourceVersion") ?? this.#revision);
        for (const event of this.#history) {
          if (event.revision > after) send(watcher, event);
        }
        this.#watchers.add(watcher);
        request.signal.addEventListener("abort", () => {
          if (watcher !== undefined && this.#watchers.delete(watcher)) controller.close();
        });
      },
      cancel: () => void (watcher === undefined || this.#watchers.delete(watcher)),
    });
    return new Response(body);
  }

  #tell(path: string, type: string, object: KubeObject): void {
    const event = { path, type, object, revision: this.#revision };
    this.#history.push(event);
    for (const watcher of this.#watchers) send(watcher, event);
  }
}

function send(watcher: Watcher, { path, type, object }: Told): void {
  if (inCollection(path, watcher.collection) && selected(object, watcher.fieldSelector)) {
    watcher.send(JSON.stringify({ type, object }));
  }
}

export function podPath(name: string, namespace = "default"): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

/** `/api/v1/pods` holds what lies in every namespace's `pods`. */
function inCollection(path: string, collection: string): boolean {
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent === collection) return true;
  const plural = collection.slice(collection.lastIndexOf("/") + 1);
  const root = collection.slice(0, collection.lastIndexOf("/"));
  return parent.startsWith(`${root}/namespaces/`) && parent.endsWith(`/${plural}`);
}

function isCollection(path: string): boolean {
  const parts = path.split("/").filter((part) => part !== "");
  const rest = parts[0] === "api" ? parts.slice(2) : parts.slice(3);
  return rest.length === 1 || (rest[0] === "namespaces" && rest.length === 3);
}

function selected(object: KubeObject, selector: string): boolean {
  if (selector === "") return true;
  const [field = "", value = ""] = selector.split("=");
  let at: unknown = object;
  for (const part of field.split(".")) at = isJsonObject(at) ? at[part] : undefined;
  return at === value;
}

const MERGE_KEYS: Readonly<Record<string, string>> = { conditions: "type" };

function merge(into: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...into };
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    const mergeKey = MERGE_KEYS[key];
    if (value === null) delete result[key];
    else if (isJsonObject(value)) result[key] = merge(isJsonObject(old) ? old : {}, value);
    else if (Array.isArray(value) && mergeKey !== undefined && Array.isArray(old)) {
      const rest = old.filter((item) =>
        !value.some((each) =>
          isJsonObject(each) && isJsonObject(item) && each[mergeKey] === item[mergeKey]
        )
      );
      result[key] = [...rest, ...value.map((each) => isJsonObject(each) ? merge({}, each) : each)];
    } else if (Array.isArray(value)) {
      result[key] = value.filter((each) => !isJsonObject(each) || each["$patch"] === undefined);
    } else if (value !== undefined) result[key] = value;
  }
  return result;
}

function token(request: KubeObject): unknown {
  return {
    ...request,
    status: { token: "fake.token", expirationTimestamp: "2027-01-01T00:00:00Z" },
  };
}

function status(code: number, reason: string, message: string): Response {
  return Response.json({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    reason,
    message,
    code,
  }, { status: code });
}
