import {
  type Clock,
  type Counter,
  type Logger,
  type MetricRegistry,
  microTimestamp,
  type Series,
} from "../../base/mod.ts";
import type { Peer, RequestInfo, UserInfo } from "../ports.ts";
import type { AuditBackend } from "./audit_backend.ts";
import { decideAudit } from "./audit_decision.ts";
import { type AuditEvent, objectRefOf, sourceAddresses, userOf } from "./audit_event.ts";
import type { AuditPolicy } from "./audit_policy.ts";
import { AuditTrail } from "./audit_trail.ts";

export interface AuditorOptions {
  readonly policy: AuditPolicy;
  readonly backends: readonly AuditBackend[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
}

/** A request whose audit begins. */
export interface Audited {
  readonly request: Request;
  readonly info: RequestInfo;
  readonly peer: Peer;
  readonly auditId: string;
  /** Whether it lasts, so that its answer's beginning and end are two things. */
  readonly lasts: boolean;
}

/** Records requests as the policy says. */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #events: Series;
  readonly #errors: Counter;
  readonly #levels: Counter;
  readonly #rejected: Series;

  constructor(options: AuditorOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#events = metrics.counter(
      "apiserver_audit_event_total",
      "[ALPHA] Counter of audit events generated and sent to the audit backend.",
    ).series();
    this.#errors = metrics.counter(
      "apiserver_audit_error_total",
      "[ALPHA] Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by " +
        "the error.",
      ["plugin"],
    );
    this.#levels = metrics.counter(
      "apiserver_audit_level_total",
      "[ALPHA] Counter of policy levels for audit events (1 per request).",
      ["level"],
    );
    this.#rejected = metrics.counter(
      "apiserver_audit_requests_rejected_total",
      "[ALPHA] Counter of apiserver requests rejected due to an error in audit logging backend.",
    ).series();
  }

  /** Begins to record a request; undefined where the policy says nothing of it. */
  begin(audited: Audited, user: UserInfo | undefined): AuditTrail | undefined {
    const { policy, clock } = this.#options;
    const { request, info, peer, auditId, lasts } = audited;
    const decision = decideAudit(policy, user, info);
    this.#levels.add(1, decision.level);
    if (decision.level === "None") return undefined;
    const now = microTimestamp(clock.now());
    const sourceIPs = sourceAddresses(request.headers, peer.address);
    const userAgent = request.headers.get("user-agent") ?? "";
    const objectRef = objectRefOf(info);
    const event: AuditEvent = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: decision.level,
      auditID: auditId,
      stage: "RequestReceived",
      requestURI: request.url.slice(request.url.indexOf("/", request.url.indexOf("://") + 3)),
      verb: info.verb,
      user: user === undefined ? {} : userOf(user),
      ...(sourceIPs.length === 0 ? {} : { sourceIPs }),
      ...(userAgent === "" ? {} : { userAgent }),
      ...(objectRef === undefined ? {} : { objectRef }),
      requestReceivedTimestamp: now,
      stageTimestamp: now,
    };
    return new AuditTrail(event, decision, info, lasts, clock, (each) => this.#record(each));
  }

  /** A request whose sender could not be found out. */
  refused(audited: Audited): void {
    const trail = this.begin(audited, undefined);
    trail?.unauthenticated(attempted(audited.request, audited.peer));
  }

  /** Writes what has been recorded and not yet written. */
  async close(): Promise<void> {
    await Promise.all(this.#options.backends.map((backend) => backend.close()));
  }

  #record(event: AuditEvent): boolean {
    this.#events.value++;
    const line = JSON.stringify(inOrder(event));
    let strict = true;
    for (const backend of this.#options.backends) {
      const problem = backend.record(line);
      if (problem === undefined) continue;
      this.#errors.add(1, backend.name);
      this.#options.logger.error("audit event lost", {
        backend: backend.name,
        auditID: event.auditID,
        problem,
      });
      if (backend.strict && event.stage === "RequestReceived") strict = false;
    }
    if (!strict) this.#rejected.value++;
    return strict;
  }
}

function attempted(request: Request, { certificate }: Peer): string {
  const authorization = (request.headers.get("authorization") ?? "").toLowerCase();
  const methods = [
    ...(authorization.startsWith("basic ") ? ["basic"] : []),
    ...(authorization.startsWith("bearer ") ? ["bearer"] : []),
    ...(certificate === undefined ? [] : ["x509"]),
  ];
  return methods.length === 0
    ? "Authentication failed, no credentials provided"
    : `Authentication failed, attempted: ${methods.join(", ")}`;
}

/** Members that came later stand where upstream has them. */
function inOrder(event: AuditEvent): AuditEvent {
  const { requestReceivedTimestamp, stageTimestamp, annotations, ...rest } = event;
  const {
    userAgent,
    sourceIPs,
    objectRef,
    responseStatus,
    requestObject,
    responseObject,
    ...head
  } = rest;
  return {
    ...head,
    ...(sourceIPs === undefined ? {} : { sourceIPs }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(objectRef === undefined ? {} : { objectRef }),
    ...(responseStatus === undefined ? {} : { responseStatus }),
    ...(requestObject === undefined ? {} : { requestObject }),
    ...(responseObject === undefined ? {} : { responseObject }),
    requestReceivedTimestamp,
    stageTimestamp,
    ...(annotations === undefined ? {} : { annotations }),
  };
}
