import type { KubeList, KubeObject, ResourceType } from "../api/mod.ts";
import { errorOf, type Fetch, queryString, resourcePath } from "./request.ts";
import { type WatchEvent, watchEvents } from "./watch_stream.ts";

export interface ClientOptions {
  /** `https://host:port` without a path; any origin where `fetch` stays in the process. */
  readonly server: string;
  readonly fetch: Fetch;
  /** Sent as `User-Agent`; its part up to the first slash is the field manager. */
  readonly userAgent: string;
  readonly token?: string;
}

/** What narrows a list or a watch. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListRequest extends Selection {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "NotOlderThan" | "Exact";
}

export interface WatchRequest extends Selection {
  readonly resourceVersion?: string;
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly resourceVersionMatch?: "NotOlderThan";
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface WriteRequest {
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

export interface PatchRequest extends WriteRequest {
  readonly namespace?: string;
  readonly type: "merge" | "json" | "strategic" | "apply";
  /** For `apply`: takes ownership where another manager has it. */
  readonly force?: boolean;
}

export interface DeleteRequest {
  readonly namespace?: string;
  readonly graceSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly uid?: string;
  readonly resourceVersion?: string;
}

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/**
 * A typed client of any Kubernetes API server. Every method rejects with the `ApiError` of the server's `Status`;
 * it neither retries nor caches. Objects that it returns belong to the caller.
 */
export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get<T extends KubeObject>(type: ResourceType<T>, name: string, namespace?: string): Promise<T> {
    return this.#json("GET", resourcePath(type, namespace, name));
  }

  /** As `get`, but undefined where the object does not exist. */
  async find<T extends KubeObject>(
    type: ResourceType<T>,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    const response = await this.request("GET", resourcePath(type, namespace, name));
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    return this.#answer(response);
  }

  list<T extends KubeObject>(type: ResourceType<T>, list: ListRequest = {}): Promise<KubeList<T>> {
    const { namespace, ...query } = list;
    return this.#json("GET", resourcePath(type, namespace) + queryString(query));
  }

  /** Creates; with a subresource, posts to that of the object's name (`binding`, `eviction`, `token`). */
  create<T extends KubeObject, R = T>(
    type: ResourceType<KubeObject>,
    object: T,
    request: WriteRequest & { readonly namespace?: string } = {},
  ): Promise<R> {
    const name = request.subresource === undefined ? undefined : object.metadata?.name;
    const namespace = request.namespace ?? object.metadata?.namespace;
    const path = resourcePath(type, namespace, name, request.subresource);
    return this.#json("POST", path + writeQuery(request), object);
  }

  update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    request: WriteRequest = {},
  ): Promise<T> {
    const { name, namespace } = object.metadata ?? {};
    const path = resourcePath(type, namespace, name ?? "", request.subresource);
    return this.#json("PUT", path + writeQuery(request), object);
  }

  /** `patch` is a JSON value: an object, or a list of operations for `json`. */
  patch<T extends KubeObject>(
    type: ResourceType<T>,
    name: string,
    patch: unknown,
    request: PatchRequest,
  ): Promise<T> {
    const path = resourcePath(type, request.namespace, name, request.subresource);
    const query = writeQuery(request, request.force);
    return this.#json("PATCH", path + query, patch, PATCH_TYPES[request.type]);
  }

  /** Resolves with the object where it is still there, else with the server's `Status`. */
  delete(
    type: ResourceType<KubeObject>,
    name: string,
    request: DeleteRequest = {},
  ): Promise<KubeObject> {
    const preconditions = request.uid === undefined && request.resourceVersion === undefined
      ? undefined
      : { uid: request.uid, resourceVersion: request.resourceVersion };
    return this.#json("DELETE", resourcePath(type, request.namespace, name), {
      apiVersion: "v1",
      kind: "DeleteOptions",
      gracePeriodSeconds: request.graceSeconds,
      propagationPolicy: request.propagationPolicy,
      preconditions,
    });
  }

  deleteCollection(type: ResourceType<KubeObject>, selection: Selection): Promise<KubeObject> {
    const { namespace, ...query } = selection;
    return this.#json("DELETE", resourcePath(type, namespace) + queryString(query));
  }

  /** Opens a watch; the promise rejects when the server refuses it. Ends with the connection or the signal. */
  async watch<T extends KubeObject>(
    type: ResourceType<T>,
    watch: WatchRequest = {},
  ): Promise<AsyncGenerator<WatchEvent<T>>> {
    const { namespace, signal, ...query } = watch;
    const path = resourcePath(type, namespace) + queryString({ watch: true, ...query });
    const response = await this.request("GET", path, undefined, undefined, signal);
    if (!response.ok || response.body === null) throw await errorOf(response);
    return watchEvents<T>(response.body, signal);
  }

  /** Any request; the answer is not looked at. `body` is sent as JSON. */
  request(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
    signal?: AbortSignal,
    accept = "application/json",
  ): Promise<Response> {
    const headers: Record<string, string> = { accept, "user-agent": this.#options.userAgent };
    if (this.#options.token !== undefined) {
      headers["authorization"] = `Bearer ${this.#options.token}`;
    }
    if (body !== undefined) headers["content-type"] = contentType ?? "application/json";
    return this.#options.fetch(
      new Request(this.#options.server + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  }

  async #json<R>(method: string, path: string, body?: unknown, contentType?: string): Promise<R> {
    return this.#answer<R>(await this.request(method, path, body, contentType));
  }

  async #answer<R>(response: Response): Promise<R> {
    if (!response.ok) throw await errorOf(response);
    return await response.json() as R;
  }
}

function writeQuery(request: WriteRequest, force?: boolean): string {
  return queryString({
    fieldManager: request.fieldManager,
    dryRun: request.dryRun === true ? "All" : undefined,
    force: force === true ? true : undefined,
  });
}
