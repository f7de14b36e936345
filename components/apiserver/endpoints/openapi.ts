import type { JsonObject } from "../../base/mod.ts";
import {
  type Descriptions,
  loadDescriptions,
  NO_DESCRIPTIONS,
  openApiHash,
  type OpenApiResource,
  openApiV2Document,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
  type ResourceDefinition,
} from "../../api/served.ts";
import { JSON_TYPE, notAcceptable, parseAccept, PLAIN, writeBody } from "../negotiation/mod.ts";
import { type Endpoint, type EndpointRequest, pageNotFound } from "./endpoint.ts";
import { openApiV2Type } from "./openapi_type.ts";
import { Remembered } from "./remembered.ts";
import { TaggedBody, taggedJson, taggedResponse } from "./tagged.ts";

export interface OpenApiOptions {
  readonly definitions: { all(): readonly ResourceDefinition[] };
}

/** What a custom resource without a schema is: any object. */
const ANYTHING: JsonObject = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
/** A document whose hash is in its address never changes. */
const FOREVER_SECONDS = 31_536_000;
const ROOT = "/openapi/v3";

/** `/openapi/v3`, the document of each group version under it, and `/openapi/v2`. */
export function serveOpenApi({ definitions }: OpenApiOptions): Endpoint {
  const resourceOf = (definition: ResourceDefinition): OpenApiResource => {
    const { custom } = definition;
    const schema = custom === undefined ? undefined : custom.openApiSchema ?? ANYTHING;
    return { definition, ...(schema === undefined ? {} : { customSchema: schema }) };
  };
  let texts: Descriptions = NO_DESCRIPTIONS;
  const made = new Map<string, Remembered<ResourceDefinition, VersionDocument>>();
  const versions = new Remembered((all: readonly ResourceDefinition[]) => {
    const found = new Map<string, VersionDocument>();
    for (const [path, members] of byPath(all)) {
      let document = made.get(path);
      if (document === undefined) {
        document = new Remembered((parts) => new VersionDocument(parts.map(resourceOf), texts));
        made.set(path, document);
      }
      found.set(path, document.of(members));
    }
    for (const path of [...made.keys()]) if (!found.has(path)) made.delete(path);
    return found;
  });
  const whole = new Remembered((all: readonly ResourceDefinition[]) =>
    new WholeDocument(all.map(resourceOf), texts)
  );

  return async (asked) => {
    const { request, path } = asked;
    texts = await loadDescriptions();
    if (path === "/openapi/v2") {
      const type = openApiV2Type(request.headers.get("accept"));
      return await taggedResponse(whole.of(definitions.all()).as(type), request, {
        "content-type": type,
        vary: "Accept",
      });
    }
    requireJson(request);
    const documents = versions.of(definitions.all());
    if (path === ROOT) return await writeBody(openApiV3Index(documents.values()), PLAIN, request);
    const document = documents.get(path.slice(ROOT.length + 1));
    return document === undefined ? pageNotFound() : await versionResponse(document, asked);
  };
}

/** Definitions by the path of their group version. */
function byPath(all: readonly ResourceDefinition[]): Map<string, ResourceDefinition[]> {
  const found = new Map<string, ResourceDefinition[]>();
  for (const definition of all) {
    const { group, version } = definition;
    const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
    const members = found.get(path);
    if (members === undefined) found.set(path, [definition]);
    else members.push(definition);
  }
  return found;
}

/** The document of one group version, made when it is first asked for. */
class VersionDocument {
  #hash: string | undefined;
  #body: TaggedBody | undefined;

  constructor(readonly resources: readonly OpenApiResource[], readonly texts: Descriptions) {}

  get group(): string {
    return this.resources[0]?.definition.group ?? "";
  }

  get version(): string {
    return this.resources[0]?.definition.version ?? "";
  }

  get hash(): string {
    return this.#hash ??= openApiHash(this.resources, this.texts);
  }

  get body(): TaggedBody {
    return this.#body ??= taggedJson(openApiV3Document(this.resources, this.texts), this.hash);
  }
}

/** OpenAPI 2 of everything, in each form made when it is first asked for. */
class WholeDocument {
  #hash: string | undefined;
  #json: TaggedBody | undefined;
  #protobuf: TaggedBody | undefined;

  constructor(readonly resources: readonly OpenApiResource[], readonly texts: Descriptions) {}

  as(type: string): TaggedBody {
    // One tag for both forms, as upstream: `Vary` tells them apart.
    const hash = this.#hash ??= openApiHash(this.resources, this.texts);
    return type === JSON_TYPE
      ? this.#json ??= taggedJson(openApiV2Document(this.resources, this.texts), hash)
      : this.#protobuf ??= new TaggedBody(
        openApiV2Protobuf(openApiV2Document(this.resources, this.texts)),
        hash,
      );
  }
}

async function versionResponse(
  document: VersionDocument,
  { request, query, path }: EndpointRequest,
): Promise<Response> {
  const asked = query.get("hash");
  if (asked !== null && asked !== "" && asked !== document.hash) {
    return new Response(null, {
      status: 301,
      headers: { location: `${path}?hash=${document.hash}` },
    });
  }
  return await taggedResponse(document.body, request, {
    "content-type": JSON_TYPE,
    vary: "Accept",
    "cache-control": asked === document.hash
      ? `public, immutable, max-age=${FOREVER_SECONDS}`
      : "no-cache, private",
  });
}

/** The documents of OpenAPI 3 are JSON only. Throws 406 for a client that takes nothing of that. */
function requireJson(request: Request): void {
  const accept = request.headers.get("accept");
  if (accept === null || accept.trim() === "") return;
  const taken = parseAccept(accept).some(({ type, subtype }) =>
    type === "application" && (subtype === "json" || subtype === "*") ||
    type === "*" && subtype === "*"
  );
  if (!taken) throw notAcceptable({ table: false, metadata: false });
}
