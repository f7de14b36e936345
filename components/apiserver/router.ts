import { methodNotAllowed, noSuchResource, notFound, notImplemented } from "../base/mod.ts";
import type { KubeObject, SubresourceDefinition } from "../api/mod.ts";
import { handleDeleteCollection } from "./handlers/delete_collection.ts";
import { handleBinding, handleEviction, handleScale } from "./handlers/subresource_handlers.ts";
import { Warnings } from "./handlers/warnings.ts";
import {
  handleCreate,
  handleDelete,
  handlePatch,
  handleUpdate,
  readObject,
  readSubresourceBody,
  type ResourceRequest,
  type StoredRequest,
} from "./handlers/write_handlers.ts";
import { readWriteOptions } from "./handlers/write_options.ts";
import { negotiate, writeBody, writeObject, writeStatus } from "./negotiation/mod.ts";
import type { ObjectReader, ObjectWriter, RequestInfo, UserInfo, VirtualHandler } from "./ports.ts";
import { getObject, listObjects, type ReadServices, watchObjects } from "./read/mod.ts";
import {
  admissionRequest,
  type Deleted,
  groupResource,
  type Registry,
  type Written,
} from "./registry/mod.ts";

/** Answers a subresource whose connection goes on to a node: log, exec, attach, portforward, proxy. */
export type ConnectHandler = (
  request: Request,
  info: RequestInfo,
  user: UserInfo,
) => Promise<Response>;

export interface RouterOptions {
  readonly registry: Registry;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly virtual: readonly VirtualHandler[];
  readonly connect?: ConnectHandler;
  readonly reads: ReadServices;
}

const CONNECT = new Set(["log", "exec", "attach", "portforward", "proxy"]);
/** Subresources that are the whole object, or one part of it. */
const WHOLE = new Set(["status", "finalize", "approval", "ephemeralcontainers", "resize"]);

/** Resource requests to what answers them: the definition is looked up, there is no route a kind. */
export class Router {
  readonly #options: RouterOptions;
  readonly #virtual = new Map<string, VirtualHandler>();

  constructor(options: RouterOptions) {
    this.#options = options;
    for (const handler of options.virtual) {
      this.#virtual.set(`${handler.group}/${handler.resource}/${handler.subresource}`, handler);
    }
  }

  async route(
    request: Request,
    query: URLSearchParams,
    info: RequestInfo,
    user: UserInfo,
  ): Promise<Response> {
    const { registry, connect } = this.#options;
    const definition = registry.definitions.find(info.group, info.version, info.resource);
    if (definition === undefined) throw noSuchResource();
    if (definition.namespaced ? info.namespace === "" && needsNamespace(info) : false) {
      throw noSuchResource();
    }
    const warnings = new Warnings();
    const target: ResourceRequest = { request, query, info, user, definition, warnings };
    if (CONNECT.has(info.subresource) && definition.subresources.has(info.subresource)) {
      if (connect === undefined) throw notImplemented(`${info.resource}/${info.subresource}`);
      return connect(request, info, user);
    }
    const handler = this.#virtual.get(`${info.group}/${info.resource}/${info.subresource}`);
    const response = handler !== undefined
      ? await this.#virtualRequest(target, handler)
      : await this.#storedRequest(target);
    warnings.write(response.headers);
    return response;
  }

  async #virtualRequest(target: ResourceRequest, handler: VirtualHandler): Promise<Response> {
    const { info, request, definition, query, user } = target;
    if (info.verb !== "create") throw methodNotAllowed(groupResource(definition), info.verb);
    // A review has no table to show: who takes nothing else is told so before anything is done.
    const negotiated = negotiate(request.headers.get("accept"), {
      table: false,
      metadata: false,
      protobuf: true,
    });
    const options = readWriteOptions(query, request.headers.get("user-agent"), "CreateOptions");
    const subresource = definition.subresources.get(info.subresource);
    const object = subresource === undefined
      ? await readObject(target, definition, options)
      : await readSubresourceBody(target, subresource, options);
    if (subresource === undefined) definition.applyDefaults(object);
    const admitted = {
      definition,
      resource: { definition } as StoredRequest["resource"],
      namespace: info.namespace,
      name: info.name,
      subresource: info.subresource,
      user,
      dryRun: options.dryRun,
      fieldManager: options.fieldManager,
      warn: (text: string) => target.warnings.add(text),
    };
    const { pipeline } = this.#options.registry.writes;
    await pipeline.admit(admissionRequest(admitted, "CREATE", object, undefined));
    await pipeline.validate(admissionRequest(admitted, "CREATE", object, undefined));
    const answer = await handler.create({
      object,
      namespace: info.namespace,
      name: info.name,
      user,
      dryRun: options.dryRun,
    });
    return writeObject(answer, negotiated, request, 201);
  }

  async #storedRequest(plain: ResourceRequest): Promise<Response> {
    const { registry } = this.#options;
    const { definition, info } = plain;
    const resource = registry.resource(definition);
    if (resource === undefined) throw methodNotAllowed(groupResource(definition), info.verb);
    const target: StoredRequest = { ...plain, resource, registry };
    if (info.subresource !== "") {
      const subresource = definition.subresources.get(info.subresource);
      if (subresource === undefined) throw noSuchResource();
      return this.#subresource(target, subresource);
    }
    if (!(definition.verbs as readonly string[]).includes(info.verb)) {
      throw methodNotAllowed(groupResource(definition), info.verb);
    }
    switch (info.verb) {
      case "get":
        return getObject(target, this.#options.reads);
      case "list":
        return listObjects(target, this.#options.reads);
      case "watch":
        return watchObjects(target, this.#options.reads);
      case "create":
        if (info.name !== "") throw methodNotAllowed(groupResource(definition), "create");
        return this.#written(target, await handleCreate(target));
      case "update":
        return this.#written(target, await handleUpdate(target));
      case "patch":
        return this.#written(target, await handlePatch(target));
      case "delete":
        return this.#deleted(target, await handleDelete(target));
      case "deletecollection":
        return this.#list(target, await handleDeleteCollection(target));
      default:
        throw methodNotAllowed(groupResource(definition), info.verb);
    }
  }

  async #subresource(
    target: StoredRequest,
    { name, verbs }: SubresourceDefinition,
  ): Promise<Response> {
    const { info, request, definition } = target;
    if (!(verbs as readonly string[]).includes(info.verb)) {
      throw methodNotAllowed(
        { group: definition.group, resource: `${definition.plural}/${name}` },
        info.verb,
      );
    }
    if (WHOLE.has(name)) {
      switch (info.verb) {
        case "get":
          return getObject(target, this.#options.reads);
        case "update":
          return this.#written(target, await handleUpdate(target));
        default:
          return this.#written(target, await handlePatch(target));
      }
    }
    const answer = (object: KubeObject, status: number) =>
      writeObject(
        object,
        negotiate(request.headers.get("accept"), { table: false, metadata: false, protobuf: true }),
        request,
        status,
      );
    switch (name) {
      case "scale":
        return answer(await handleScale(target), 200);
      case "binding":
        return answer(await handleBinding(target), 201);
      case "eviction":
        return answer(
          await handleEviction(target, this.#options.reader, this.#options.writer),
          201,
        );
      default:
        throw notImplemented(`${definition.plural}/${name}`);
    }
  }

  #written(target: StoredRequest, written: Written): Promise<Response> {
    return this.#object(target, written.object, written.bytes, written.created ? 201 : 200);
  }

  #deleted(target: StoredRequest, deleted: Deleted): Promise<Response> {
    if (deleted.status !== undefined) return writeStatus(deleted.status, target.request);
    if (deleted.object === undefined || deleted.bytes === undefined) {
      throw notFound(groupResource(target.definition), target.info.name);
    }
    return this.#object(target, deleted.object, deleted.bytes, 200);
  }

  #object(
    target: StoredRequest,
    object: KubeObject,
    bytes: Uint8Array,
    status: number,
  ): Promise<Response> {
    const negotiated = negotiate(target.request.headers.get("accept"), {
      table: false,
      metadata: false,
      protobuf: true,
    });
    return negotiated.mediaType === "application/vnd.kubernetes.protobuf"
      ? writeObject(object, negotiated, target.request, status)
      : writeBody(bytes, negotiated, target.request, status);
  }

  #list(target: StoredRequest, items: readonly KubeObject[]): Promise<Response> {
    const { definition } = target;
    return writeBody(
      {
        kind: definition.listKind,
        apiVersion: definition.group === ""
          ? definition.version
          : `${definition.group}/${definition.version}`,
        metadata: { resourceVersion: String(target.resource.cache.revision) },
        items,
      },
      negotiate(target.request.headers.get("accept"), { table: false, metadata: false }),
      target.request,
    );
  }
}

/** Lists and watches go over all namespaces; everything else of a namespaced resource is in one. */
function needsNamespace(info: RequestInfo): boolean {
  return info.verb !== "list" && info.verb !== "watch" && info.verb !== "deletecollection" &&
    !(info.verb === "create" && info.name === "");
}
