import type { JsonObject } from "../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../api/served.ts";

/** Who asks, as authentication found it. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The other end of a connection, as the door saw it: never taken from a header. */
export interface Peer {
  /** DER of the client certificate, present only when the door verified it against the client CA. */
  readonly certificate?: Uint8Array;
  /** A certificate was shown that nobody vouches for: whoever that is, it is not nobody. */
  readonly unverified?: true;
  /** `address:port` of the peer, or a word for an in-process caller. */
  readonly address: string;
  /** Set for callers inside this process, which are who they say they are. */
  readonly user?: UserInfo;
}

/** The parts of a request that everything after parsing asks for. Parsed once from method, path and query. */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  readonly path: string;
  /** create get list watch update patch delete deletecollection proxy connect; the lower-case method otherwise. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What follows `proxy`, or the rest of the path. */
  readonly rest: string;
}

/** Finds out who asks. Undefined: these credentials are not mine. Throws 401 for credentials that are wrong. */
export interface Authenticator {
  authenticate(request: Request, peer: Peer): Promise<UserInfo | undefined>;
}

export interface AuthorizationAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResourceRequest: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /**
   * The parsed field selector of a list, watch or deletecollection, where there is one: a node may list pods only
   * with `spec.nodeName=<itself>`, so what is not filled in here is denied to it.
   */
  readonly fieldSelector?: readonly FieldRequirement[];
  /** The label selector, as the string form that a query has, where there is one that can be read. */
  readonly labelSelector?: string;
}

/** One requirement of a field selector; they all hold. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** True when no later authorizer may allow it. */
  readonly denied?: boolean;
  readonly reason: string;
}

/** Decides whether the request may go on. Synchronous over in-memory state on the hot path. */
export interface Authorizer {
  authorize(
    attributes: AuthorizationAttributes,
  ): AuthorizationDecision | Promise<AuthorizationDecision>;
}

/** Makes objects of one resource be of another of its versions. */
export interface VersionConverter {
  /** True where somebody has to be asked for other versions. */
  readonly converts: boolean;
  /** Does not change the object. Throws, or rejects with, an `ApiError`. */
  convert(
    object: KubeObject,
    from: ResourceDefinition,
    to: ResourceDefinition,
  ): KubeObject | Promise<KubeObject>;
}

/** Adds to the annotations of an audit event; what is told at `level` only where so much of a request is recorded. */
export type Annotate = (key: string, value: string, level?: "Request") => void;

/** One write on its way through admission. Mutating plugins change `object` in place. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Adds a `Warning` header to the answer. */
  warn(text: string): void;
  /** Adds to the annotations of the request's audit event; absent where nothing is audited. */
  annotate?: Annotate | undefined;
  /** The version that was asked for; `definition`, which objects are of, where not given. */
  readonly requested?: ResourceDefinition;
  /** As authorization knows it; `update` and `patch` are one operation. */
  readonly verb?: string | undefined;
  /** CreateOptions, UpdateOptions or DeleteOptions as the caller gave them, without their kind. */
  readonly options?: (() => JsonObject) | undefined;
  /** How the objects become those of other versions, where that is not plain. */
  readonly versions?: VersionConverter | undefined;
  /** A step of another request, which webhooks and policies have seen as a whole. */
  readonly internal?: boolean | undefined;
  /** Set by plugins that may have to be called once more when others change the object after them. */
  rounds?: AdmissionRounds;
}

/** The mutating pass runs at most twice: `again` asks for the second round. */
export interface AdmissionRounds {
  second: boolean;
  again: boolean;
  /** What each plugin remembers of the first round. */
  readonly memory: Map<unknown, unknown>;
}

/** One built-in admission plugin. Rejects by throwing an `ApiError`, as a rule 403. */
export interface AdmissionPlugin {
  readonly name: string;
  handles(request: AdmissionRequest): boolean;
  /** The mutating pass, before validation. */
  admit?(request: AdmissionRequest): void | Promise<void>;
  /** The validating pass, after validation. */
  validate?(request: AdmissionRequest): void | Promise<void>;
}

/**
 * Reads decoded objects from this server's own watch caches, without authorization. Results are shared: never change
 * them. `resource` is the plural. Synchronous: throws `InvariantError` before the cache of that resource is ready.
 */
export interface ObjectReader {
  get<T extends KubeObject>(
    group: string,
    resource: string,
    namespace: string,
    name: string,
  ): T | undefined;
  list<T extends KubeObject>(group: string, resource: string, namespace?: string): T[];
  /** Calls back after every change of the resource; returns the end of it. */
  onChange(
    group: string,
    resource: string,
    callback: (change: { readonly current?: KubeObject; readonly previous?: KubeObject }) => void,
  ): () => void;
  /** Resolves when the resource's cache shows everything that is durable now. */
  fresh(group: string, resource: string): Promise<void>;
}

/** Writes objects as the API server itself, through the whole registry, without authorization. */
export interface ObjectWriter {
  create<T extends KubeObject>(group: string, resource: string, object: T): Promise<T>;
  update<T extends KubeObject>(
    group: string,
    resource: string,
    object: T,
    subresource?: string,
  ): Promise<T>;
  delete(
    group: string,
    resource: string,
    namespace: string,
    name: string,
    options?: { readonly uid?: string; readonly graceSeconds?: number },
  ): Promise<void>;
}

/**
 * Work bound to one resource's writes that admission cannot do: Service addresses and node ports. A hook changes
 * `next` in place before validation and returns how to take back what it reserved if the write does not happen.
 */
export interface WriteHook {
  readonly group: string;
  readonly resource: string;
  beforeCreate?(next: KubeObject, dryRun: boolean): Promise<Rollback | undefined>;
  beforeUpdate?(
    next: KubeObject,
    previous: KubeObject,
    dryRun: boolean,
  ): Promise<Rollback | undefined>;
  /** After the write is durable, on the server that made it. Must not reject: nothing can be taken back any more. */
  afterUpdate?(next: KubeObject, previous: KubeObject): Promise<void>;
  /** The same. */
  afterDelete?(previous: KubeObject): Promise<void>;
}

export type Rollback = () => Promise<void>;

/** A POST that is answered, not stored: reviews, token requests, evictions, bindings. */
export interface VirtualHandler {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  create(request: {
    readonly object: KubeObject;
    readonly namespace: string;
    readonly name: string;
    readonly user: UserInfo;
    readonly dryRun: boolean;
  }): Promise<KubeObject>;
}
