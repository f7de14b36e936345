import { type Clock, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { nestsTooDeep, openApiV2Protobuf } from "../../api/served.ts";
import { OPENAPI_V2_PROTOBUF, openApiV2Type } from "../endpoints/openapi_type.ts";
import { JSON_TYPE } from "../negotiation/mod.ts";
import type { RemoteClients } from "./remote_clients.ts";
import type { RemoteIndex } from "./remote_index.ts";
import { askRemote } from "./remote_request.ts";
import { pathOf, type RemoteService } from "./remote_service.ts";

/** For how long a document of another server is taken as it was. */
const FRESH_MILLISECONDS = 60_000;
const TIMEOUT_MILLISECONDS = 5_000;
const ROOT = "/openapi/v3";

interface Kept {
  readonly at: number;
  readonly document: Promise<JsonObject | undefined>;
}

/** Documents of OpenAPI that servers behind this one have a part in. */
export class RemoteOpenApi {
  readonly #index: RemoteIndex;
  readonly #clients: RemoteClients;
  readonly #clock: Clock;
  /** By path and APIService: two for each. */
  readonly #kept = new Map<string, Kept>();
  /** The last document of each path, with what it was made of. */
  readonly #merges = new Map<
    string,
    { readonly parts: readonly unknown[]; readonly text: string }
  >();

  constructor(index: RemoteIndex, clients: RemoteClients, clock: Clock) {
    this.#index = index;
    this.#clients = clients;
    this.#clock = clock;
  }

  /** Undefined for a document that is this server's alone. */
  answer(
    request: Request,
    path: string,
    own: (request: Request) => Promise<Response>,
    pass: (remote: RemoteService) => Promise<Response>,
  ): Promise<Response> | undefined {
    if (path === ROOT || path === `${ROOT}/`) return this.#merged(request, own, ROOT, mergeIndex);
    if (path === "/openapi/v2") return this.#wholeDocument(request, own, path);
    const [, , , root, group = "", version = ""] = path.split("/");
    const remote = root === "apis" ? this.#index.find(group, version) : undefined;
    return remote === undefined ? undefined : pass(remote);
  }

  async #wholeDocument(
    request: Request,
    own: (request: Request) => Promise<Response>,
    path: string,
  ): Promise<Response> {
    const type = openApiV2Type(request.headers.get("accept"));
    const asked = new Headers(request.headers);
    asked.set("accept", JSON_TYPE);
    const plain = new Request(request.url, { headers: asked });
    const response = await this.#merged(plain, own, path, mergeV2);
    if (type !== OPENAPI_V2_PROTOBUF || response.status !== 200) return response;
    const headers = new Headers(response.headers);
    headers.set("content-type", type);
    return new Response(openApiV2Protobuf(await response.json() as JsonObject), { headers });
  }

  async #merged(
    request: Request,
    own: (request: Request) => Promise<Response>,
    path: string,
    merge: (own: JsonObject, other: JsonObject, remote: RemoteService) => JsonObject,
  ): Promise<Response> {
    // The tag of this server's own part is not that of the whole.
    const headers = new Headers(request.headers);
    for (const name of ["if-none-match", "accept-encoding"]) headers.delete(name);
    const response = await own(new Request(request.url, { method: "GET", headers }));
    if (response.status !== 200) return response;
    const others: { readonly remote: RemoteService; readonly document: JsonObject }[] = [];
    for (const remote of this.#index.all) {
      if (!remote.available) continue;
      const document = await this.#documentOf(remote, path);
      if (document !== undefined) others.push({ remote, document });
    }
    const parts = [response.headers.get("etag"), ...others.map(({ document }) => document)];
    const known = this.#merges.get(path);
    const same = parts[0] !== null && known?.parts.length === parts.length &&
      known.parts.every((part, i) => part === parts[i]);
    const text = same ? known.text : JSON.stringify(
      others.reduce(
        (merged, { document, remote }) => merge(merged, document, remote),
        await response.json() as JsonObject,
      ),
    );
    if (same) await response.body?.cancel();
    else this.#merges.set(path, { parts, text });
    return new Response(text, {
      headers: { "content-type": "application/json", "cache-control": "no-cache, private" },
    });
  }

  #documentOf(remote: RemoteService, path: string): Promise<JsonObject | undefined> {
    const key = `${remote.name} ${path}`;
    const known = this.#kept.get(key);
    const now = this.#clock.monotonic();
    if (known !== undefined && now - known.at < FRESH_MILLISECONDS) return known.document;
    const document = askRemote(remote, path, this.#clients, this.#clock, TIMEOUT_MILLISECONDS)
      .then(
        (value) => isJsonObject(value) && !nestsTooDeep(value) ? value : undefined,
        () => undefined,
      );
    this.#kept.set(key, { at: now, document });
    for (const each of this.#kept.keys()) {
      if (this.#index.named(each.split(" ", 1)[0] ?? "") === undefined) this.#kept.delete(each);
    }
    return document;
  }
}

/** The index with the other server's own entry. Pure. */
export function mergeIndex(
  own: JsonObject,
  other: JsonObject,
  remote: RemoteService,
): JsonObject {
  const name = pathOf(remote).slice(1);
  const entry = objectIn(other, "paths")[name];
  const url = isJsonObject(entry) ? entry["serverRelativeURL"] : undefined;
  if (typeof url !== "string" || !url.startsWith(`${ROOT}/${name}`)) return own;
  return {
    ...own,
    paths: { ...objectIn(own, "paths"), [name]: { serverRelativeURL: url } },
  };
}

/** The paths of the other server's version, and definitions that this server has not. Pure. */
export function mergeV2(own: JsonObject, other: JsonObject, remote: RemoteService): JsonObject {
  const prefix = `${pathOf(remote)}/`;
  const paths = Object.entries(objectIn(other, "paths")).filter(([path]) =>
    `${path}/`.startsWith(prefix)
  );
  const definitions = objectIn(own, "definitions");
  const added = Object.entries(objectIn(other, "definitions")).filter(([name]) =>
    !Object.hasOwn(definitions, name)
  );
  return {
    ...own,
    paths: { ...objectIn(own, "paths"), ...Object.fromEntries(paths) },
    definitions: { ...definitions, ...Object.fromEntries(added) },
  };
}

function objectIn(of: JsonObject, member: string): JsonObject {
  const value: JsonValue | undefined = of[member];
  return isJsonObject(value) ? value : {};
}
