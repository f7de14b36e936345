import {
  ApiError,
  cloneJson,
  conflict,
  type JsonObject,
  notFound,
  type Random,
  seededRandom,
} from "../base/mod.ts";
import { applyStrategicPatch, BUILTIN_KINDS, type KubeObject, type Pod } from "../api/served.ts";

interface Watcher {
  readonly plural: string;
  readonly selects: (object: KubeObject) => boolean;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

interface Happened {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly plural: string;
  readonly object: KubeObject;
  readonly revision: number;
}

/** Faults, each as likely as given, from 0 to 1. */
export interface Faults {
  /** A request is refused before anything happens. */
  readonly refuse: number;
  /** A write is done and its answer lost. */
  readonly loseAnswer: number;
}

const encoder = new TextEncoder();
const PODS_PATH = BUILTIN_KINDS.find(({ plural, group }) => plural === "pods" && group === "")!;

/** For tests: the part of an API server that the scheduler speaks with, with faults on demand. */
export class FakeApi {
  readonly objects = new Map<string, KubeObject>();
  /** `POST pods/x/binding n1`, in the order in which they were done. */
  readonly writes: string[] = [];
  /** Bindings that were accepted, by the pod's uid: one each, or the scheduler is wrong. */
  readonly bindings = new Map<string, string[]>();
  faults: Faults = { refuse: 0, loseAnswer: 0 };
  readonly #random: Random;
  readonly #watchers = new Set<Watcher>();
  #history: Happened[] = [];
  #compacted = 0;
  #revision = 1;

  constructor(random: Random = seededRandom(1)) {
    this.#random = random;
  }

  put(plural: string, object: KubeObject): void {
    const next = cloneJson(object);
    next.metadata = { ...next.metadata };
    next.metadata.uid ??= this.#random.uuid();
    const key = keyOf(plural, next);
    const known = this.objects.get(key);
    next.metadata.resourceVersion = String(++this.#revision);
    this.objects.set(key, next);
    this.#tell(known === undefined ? "ADDED" : "MODIFIED", plural, next);
  }

  remove(plural: string, name: string, namespace = ""): void {
    const key = `${plural}/${namespace}/${name}`;
    const known = this.objects.get(key);
    if (known === undefined) return;
    this.objects.delete(key);
    const gone = {
      ...known,
      metadata: { ...known.metadata, resourceVersion: `${++this.#revision}` },
    };
    this.#tell("DELETED", plural, gone);
  }

  list<T extends KubeObject>(plural: string): T[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural}/`))
      .map(([, object]) => object as T);
  }

  pod(name: string, namespace = "d"): Pod | undefined {
    return this.objects.get(`pods/${namespace}/${name}`) as Pod | undefined;
  }

  /** Ends all watches; with `gap` they cannot go on where they were. */
  hangUp(gap = false): void {
    for (const { controller } of this.#watchers) controller.close();
    this.#watchers.clear();
    if (!gap) return;
    this.#history = [];
    this.#compacted = this.#revision;
  }

  fetch = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const isWatch = url.searchParams.get("watch") !== null;
    if (this.#random.next() < this.faults.refuse) {
      return answer(new ApiError(503, "ServiceUnavailable", "a fault of the test"));
    }
    try {
      const parts = url.pathname.slice(1).split("/").map(decodeURIComponent);
      const rest = parts.slice(parts[0] === "api" ? 2 : 3);
      const namespace = rest[0] === "namespaces" && rest.length > 2 ? rest[1]! : "";
      const [plural = "", name = "", subresource = ""] = namespace === "" ? rest : rest.slice(2);
      if (isWatch) return this.#watch(plural, url.searchParams);
      if (request.method === "GET" && name === "") return this.#list(plural, url.searchParams);
      const body = request.body === null ? {} : await request.json() as JsonObject;
      const result = this.#write(request.method, plural, namespace, name, subresource, body);
      if (this.#random.next() < this.faults.loseAnswer) throw new TypeError("connection lost");
      return Response.json(result);
    } catch (error) {
      if (error instanceof ApiError) return answer(error);
      throw error;
    }
  };

  #write(
    method: string,
    plural: string,
    namespace: string,
    name: string,
    subresource: string,
    body: JsonObject,
  ): unknown {
    const key = `${plural}/${namespace}/${name}`;
    const known = this.objects.get(key);
    if (method === "GET") {
      if (known === undefined) throw notFound({ group: "", resource: plural }, name);
      return known;
    }
    if (method === "POST" && subresource === "") {
      if (plural !== "events") this.put(plural, body as unknown as KubeObject);
      else this.writes.push(`EVENT ${body["reason"]} ${body["message"]}`);
      return body;
    }
    if (known === undefined) throw notFound({ group: "", resource: plural }, name);
    const uid = (body["metadata"] as JsonObject | undefined)?.["uid"] ??
      (body["preconditions"] as JsonObject | undefined)?.["uid"];
    if (uid !== undefined && uid !== known.metadata?.uid) {
      throw conflict({ group: "", resource: plural }, name, "the UID in the precondition differs");
    }
    this.writes.push(`${method} ${plural}/${name}${subresource === "" ? "" : `/${subresource}`}`);
    if (subresource === "binding") {
      const node = String((body["target"] as JsonObject)["name"]);
      const pod = known as Pod;
      if ((pod.spec?.nodeName ?? "") !== "") {
        const why = `pod ${name} is already assigned to node "${pod.spec?.nodeName}"`;
        throw conflict({ group: "", resource: "pods/binding" }, name, why);
      }
      const bound = this.bindings.get(pod.metadata?.uid ?? "");
      if (bound === undefined) this.bindings.set(pod.metadata?.uid ?? "", [node]);
      else bound.push(node);
      this.put("pods", { ...pod, spec: { ...pod.spec, nodeName: node } } as KubeObject);
      return { kind: "Status", status: "Success" };
    }
    if (method === "DELETE") {
      this.remove(plural, name, namespace);
      return { kind: "Status", status: "Success" };
    }
    const patched = applyStrategicPatch(
      cloneJson(known) as unknown as JsonObject,
      body,
      PODS_PATH.schema,
    );
    this.put(plural, patched as unknown as KubeObject);
    return this.objects.get(key);
  }

  #list(plural: string, query: URLSearchParams): Response {
    const selects = selection(query);
    return Response.json({
      metadata: { resourceVersion: String(this.#revision) },
      items: this.list(plural).filter(selects),
    });
  }

  #watch(plural: string, query: URLSearchParams): Response {
    const since = Number(query.get("resourceVersion"));
    if (since < this.#compacted) {
      return answer(new ApiError(410, "Expired", "too old resource version"));
    }
    const selects = selection(query);
    let watcher: Watcher;
    return new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          watcher = { plural, selects, controller };
          this.#watchers.add(watcher);
          for (const event of this.#history) if (event.revision > since) send(watcher, event);
        },
        cancel: () => void this.#watchers.delete(watcher),
      }),
    );
  }

  #tell(type: Happened["type"], plural: string, object: KubeObject): void {
    const event = { type, plural, object: cloneJson(object), revision: this.#revision };
    this.#history.push(event);
    for (const watcher of this.#watchers) send(watcher, event);
  }
}

function send({ controller, plural, selects }: Watcher, event: Happened): void {
  if (event.plural !== plural) return;
  const type = event.type !== "DELETED" && !selects(event.object) ? "DELETED" : event.type;
  controller.enqueue(encoder.encode(JSON.stringify({ type, object: event.object }) + "\n"));
}

function selection(query: URLSearchParams): (object: KubeObject) => boolean {
  const ended = (query.get("fieldSelector") ?? "").includes("status.phase!=");
  return (object) => {
    const { phase } = (object as Pod).status ?? {};
    return !ended || (phase !== "Succeeded" && phase !== "Failed");
  };
}

function keyOf(plural: string, { metadata }: KubeObject): string {
  return `${plural}/${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
}

function answer(error: ApiError): Response {
  return Response.json(error.toStatus(), { status: error.code });
}
