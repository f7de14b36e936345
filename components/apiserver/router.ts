import { ApiError, badRequest, noSuchResource, notFound, notImplemented } from "../base/mod.ts";
import {
  type KubeObject,
  pathSegmentProblems,
  type ResourceDefinition,
  type SubresourceDefinition,
} from "../api/served.ts";
import { trailOf } from "./audit/mod.ts";
import { pageNotFound } from "./endpoints/endpoint.ts";
import { admitConnect } from "./handlers/connect_admission.ts";
import { type ComponentCheck, respondComponentStatuses } from "./handlers/component_statuses.ts";
import { handleDeleteCollection } from "./handlers/delete_collection.ts";
import { respondScale } from "./handlers/scale_response.ts";
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
import { respondWritten } from "./handlers/write_response.ts";
import { negotiate, writeBody, writeObject, writeStatus } from "./negotiation/mod.ts";
import type { ObjectReader, ObjectWriter, RequestInfo, UserInfo, VirtualHandler } from "./ports.ts";
import {
  getObject,
  listObjects,
  type Presentation,
  presentationOf,
  type ReadServices,
  watchObjects,
} from "./read/mod.ts";
import {
  admissionRequest,
  type Deleted,
  groupResource,
  type Registry,
  type StoredObject,
  type Written,
} from "./registry/mod.ts";

/** Answers a subresource whose connection goes on to a node: log, exec, attach, portforward, proxy. */
export type ConnectHandler = (
  request: Request,
  info: RequestInfo,
  user: UserInfo,
  query: URLSearchParams,
  address: string,
) => Promise<Response>;

export interface RouterOptions {
  readonly registry: Registry;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly virtual: readonly VirtualHandler[];
  readonly connect?: ConnectHandler;
  /** Components whose health is told, by name. */
  readonly components: ReadonlyMap<string, ComponentCheck>;
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
    address: string,
  ): Promise<Response> {
    const { registry, connect } = this.#options;
    const definition = registry.definitions.find(info.group, info.version, info.resource);
    if (definition === undefined) {
      if (!registry.definitions.serves(info.group, info.version)) return pageNotFound();
      throw noSuchResource();
    }
    checkPlace(definition, info);
    const warnings = new Warnings();
    if (definition.deprecation !== undefined) warnings.add(definition.deprecation);
    for (const warning of definition.custom?.warnings ?? []) warnings.add(warning);
    const target: ResourceRequest = { request, query, info, user, definition, warnings };
    if (CONNECT.has(info.subresource) && definition.subresources.has(info.subresource)) {
      if (connect === undefined) throw notImplemented(`${info.resource}/${info.subresource}`);
      if (info.subresource === "log") return connect(request, info, user, query, address);
      const { pipeline } = registry.writes;
      const warn = (text: string) => warnings.add(text);
      const admitted = await admitConnect(pipeline, request, definition, info, query, user, warn);
      return connect(request, admitted.info, user, admitted.query, address);
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
    if (info.verb !== "create") throw methodRefused();
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
    const trail = trailOf(request);
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
      ...(trail === undefined ? {} : { annotate: trail.annotate }),
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
    if (definition.plural === "bindings" && definition.group === "" && info.verb === "create") {
      return await this.#legacyBinding(plain);
    }
    const resource = registry.resource(definition);
    if (resource === undefined) {
      const { components, reads } = this.#options;
      const isRead = info.verb === "get" || info.verb === "list";
      if (!isRead || info.subresource !== "" || !isComponentStatus(definition)) {
        throw methodRefused();
      }
      return await respondComponentStatuses(plain, components, reads.clock);
    }
    const target: StoredRequest = { ...plain, resource, registry };
    return await (definition.custom === undefined
      ? this.#answer(target)
      : resource.use(() => this.#answer(target)));
  }

  async #answer(target: StoredRequest): Promise<Response> {
    const { definition, info } = target;
    if (info.subresource !== "") {
      const subresource = definition.subresources.get(info.subresource);
      if (subresource === undefined) {
        throw definition.custom === undefined
          ? noSuchResource()
          : notFound(groupResource(definition), info.name);
      }
      return this.#subresource(target, subresource);
    }
    if (!(definition.verbs as readonly string[]).includes(info.verb)) {
      throw methodRefused();
    }
    // A collection is not written as a whole, and nothing is created below an object.
    if (!ANY_NAME.has(info.verb) && (info.name !== "") !== NAMED.has(info.verb)) {
      throw methodRefused();
    }
    switch (info.verb) {
      case "get":
        return getObject(target, this.#options.reads);
      case "list":
        return listObjects(target, this.#options.reads);
      case "watch":
        return watchObjects(target, this.#options.reads);
    }
    // Who takes no answer that there is gets 406 before anything is done.
    const form = presentationOf(target, this.#options.reads.clock);
    switch (info.verb) {
      case "create":
        return written(target, form, await handleCreate(target));
      case "update":
        return written(target, form, await handleUpdate(target));
      case "patch":
        return written(target, form, await handlePatch(target));
      case "delete":
        return deleted(target, form, await handleDelete(target));
      case "deletecollection":
        return deletedAll(target, form, await handleDeleteCollection(target, form.view));
      default:
        throw methodRefused();
    }
  }

  /** `bindings` of a namespace are those of its pods. */
  #legacyBinding(plain: ResourceRequest): Promise<Response> {
    const { registry } = this.#options;
    const definition = registry.definitions.find("", plain.info.version, "pods");
    const resource = definition === undefined ? undefined : registry.resource(definition);
    const subresource = definition?.subresources.get("binding");
    if (definition === undefined || resource === undefined || subresource === undefined) {
      throw methodRefused();
    }
    const info = { ...plain.info, resource: "pods", subresource: "binding" };
    return this.#subresource({ ...plain, definition, info, resource, registry }, subresource);
  }

  async #subresource(
    target: StoredRequest,
    { name, verbs }: SubresourceDefinition,
  ): Promise<Response> {
    const { info, request, definition } = target;
    if (!(verbs as readonly string[]).includes(info.verb)) {
      throw methodRefused();
    }
    if (WHOLE.has(name)) {
      if (info.verb === "get") return getObject(target, this.#options.reads);
      const form = presentationOf(target, this.#options.reads.clock);
      const handle = info.verb === "update" ? handleUpdate : handlePatch;
      return written(target, form, await handle(target));
    }
    if (name === "scale") {
      return respondScale(target, this.#options.reads.clock, () => handleScale(target));
    }
    const negotiated = negotiate(request.headers.get("accept"), {
      table: false,
      metadata: false,
      protobuf: true,
    });
    const answer = (object: KubeObject, status: number) =>
      writeObject(object, negotiated, request, status);
    switch (name) {
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
}

function written(target: StoredRequest, form: Presentation, what: Written): Promise<Response> {
  return respondWritten(target, form, what, what.created ? 201 : 200);
}

function deleted(
  target: StoredRequest,
  form: Presentation,
  { deleted: { status, object, bytes }, code }: { deleted: Deleted; code: number },
): Promise<Response> {
  if (status !== undefined) return writeStatus(status, target.request);
  if (object === undefined || bytes === undefined) {
    throw notFound(groupResource(target.definition), target.info.name);
  }
  return respondWritten(target, form, { object, bytes }, code);
}

/** A deleted collection is answered as the list that it was. */
function deletedAll(
  { resource, request }: StoredRequest,
  { form, negotiated }: Presentation,
  entries: readonly StoredObject[],
): Promise<Response> {
  const metadata = { resourceVersion: String(resource.cache.revision) };
  return writeBody(form.list(entries, metadata), negotiated, request);
}

const isComponentStatus = ({ group, plural }: ResourceDefinition): boolean =>
  group === "" && plural === "componentstatuses";

/** Verbs that are for one object, not for a collection. */
const NAMED = new Set(["get", "update", "patch", "delete"]);
/** Lists and watches may ask for one name. */
const ANY_NAME = new Set(["list", "watch"]);

/** What a path may leave out: only lists and watches go over all namespaces. */
function checkPlace(definition: ResourceDefinition, info: RequestInfo): void {
  for (const name of [info.name, info.namespace]) {
    const problems = name === "" ? [] : pathSegmentProblems(name);
    if (problems.length === 0) continue;
    throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${problems.join(";")}`);
  }
  const isNamespace = definition.plural === "namespaces" && definition.group === "";
  if (definition.namespaced) {
    if (info.namespace !== "" || ANY_NAME.has(info.verb)) return;
    if (info.name === "") throw methodRefused();
    throw noSuchResource();
  }
  if (info.namespace !== "" && !isNamespace) throw noSuchResource();
}

/** 405: the path is known, but not with this method. */
function methodRefused(): ApiError {
  return new ApiError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );
}
