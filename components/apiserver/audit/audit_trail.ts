import { type Clock, type JsonValue, microTimestamp } from "../../base/mod.ts";
import type { Annotate, AuthorizationDecision, RequestInfo, UserInfo } from "../ports.ts";
import type { AuditDecision } from "./audit_decision.ts";
import {
  type AuditEvent,
  completedRef,
  statusOf,
  userOf,
  withoutManagedFields,
} from "./audit_event.ts";
import type { AuditStage } from "./audit_policy.ts";
import { parseBody } from "./parse_body.ts";
import { whenOver } from "./when_over.ts";

const DECISION = "authorization.k8s.io/decision";
const REASON = "authorization.k8s.io/reason";
/** Annotations of one event; more are left out. */
const ANNOTATIONS_MAXIMUM = 100;

/** What is recorded of one request, from its arrival to its end. */
export class AuditTrail {
  readonly #event: AuditEvent;
  readonly #decision: AuditDecision;
  readonly #info: RequestInfo;
  readonly #lasts: boolean;
  readonly #clock: Clock;
  readonly #emit: (event: AuditEvent) => boolean;
  #over = false;

  constructor(
    event: AuditEvent,
    decision: AuditDecision,
    info: RequestInfo,
    lasts: boolean,
    clock: Clock,
    emit: (event: AuditEvent) => boolean,
  ) {
    this.#event = event;
    this.#decision = decision;
    this.#info = info;
    this.#lasts = lasts;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** False where the event must be recorded, and could not be. */
  received(): boolean {
    return this.#tell("RequestReceived");
  }

  /** Nobody could be found out to have sent it. */
  unauthenticated(message: string): void {
    this.#over = true;
    this.#event.responseStatus = { metadata: {}, message, code: 401 };
    this.#tell("ResponseStarted");
  }

  impersonated(user: UserInfo): void {
    this.#event.impersonatedUser = userOf(user);
  }

  decided({ allowed, reason }: AuthorizationDecision): void {
    this.annotate(DECISION, allowed ? "allow" : "forbid");
    this.annotate(REASON, reason);
  }

  /** Adds what a later part of the chain has to say; what was said first stays. */
  readonly annotate: Annotate = (key, value, level) => {
    if (level !== undefined && !this.#showsBodies) return;
    const annotations = this.#event.annotations ??= {};
    if (annotations[key] !== undefined) return;
    if (Object.keys(annotations).length < ANNOTATIONS_MAXIMUM) annotations[key] = value;
  };

  get #showsBodies(): boolean {
    const { level } = this.#decision;
    return level === "Request" || level === "RequestResponse";
  }

  /** The request's body, as it was sent. */
  body(bytes: Uint8Array, contentType: string | null): void {
    if (bytes.length === 0 || !this.#info.isResourceRequest) return;
    const body = parseBody(bytes, contentType);
    if (body === undefined) return;
    const event = this.#event;
    // A patch says what changes, not which object it is.
    if (event.objectRef !== undefined && this.#info.verb !== "patch") {
      event.objectRef = completedRef(event.objectRef, body);
    }
    if (this.#showsBodies) event.requestObject = this.#shown(body);
  }

  /** Something went wrong that must not: a bug of the server. */
  panicked(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#event.responseStatus = {
      metadata: {},
      status: "Failure",
      message: `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`,
      reason: "InternalError",
      code: 500,
    };
    this.#tell("Panic");
  }

  /** Records the answer; answers it again, since its body may have been read. */
  async answered(response: Response): Promise<Response> {
    if (this.#over) return response;
    this.#over = true;
    const code = response.status;
    if (this.#lasts && code < 400) {
      this.#event.responseStatus = statusOf(code, undefined);
      this.#tell("ResponseStarted");
      return whenOver(response, () => void this.#tell("ResponseComplete"));
    }
    const whole = this.#decision.level === "RequestResponse";
    const mayBeStatus = code >= 400 || this.#info.verb === "delete";
    if (!whole && !mayBeStatus || !isObject(response) || response.body === null) {
      this.#event.responseStatus = statusOf(code, undefined);
      this.#tell("ResponseComplete");
      return response;
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const packed = response.headers.get("content-encoding") === "gzip";
    const body = parseBody(
      packed ? await unpack(bytes) : bytes,
      response.headers.get("content-type"),
    );
    this.#event.responseStatus = statusOf(code, body);
    if (whole && body !== undefined) this.#event.responseObject = this.#shown(body);
    this.#tell("ResponseComplete");
    return new Response(bytes, response);
  }

  #shown(body: JsonValue): JsonValue {
    return this.#decision.omitManagedFields ? withoutManagedFields(body) : body;
  }

  #tell(stage: AuditStage): boolean {
    if (this.#decision.omitStages.has(stage)) return true;
    this.#event.stage = stage;
    this.#event.stageTimestamp = microTimestamp(this.#clock.now());
    return this.#emit(this.#event);
  }
}

async function unpack(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function isObject({ headers }: Response): boolean {
  const type = headers.get("content-type") ?? "";
  return type.startsWith("application/json") || type.startsWith("application/yaml") ||
    type.startsWith("application/vnd.kubernetes.protobuf");
}
