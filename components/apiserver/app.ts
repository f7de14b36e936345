import { Hono } from "hono";
import {
  ApiError,
  type Clock,
  internalError,
  type Logger,
  type Random,
  unauthorized,
} from "../base/mod.ts";
import { type Auditor, type AuditTrail, follow } from "./audit/mod.ts";
import { Impersonation } from "./authn/mod.ts";
import { forbiddenError } from "./authz/mod.ts";
import { type Gate, type Place, requestKind, tooManyRequests } from "./fairness/mod.ts";
import { writeError } from "./negotiation/mod.ts";
import type {
  Authenticator,
  AuthorizationAttributes,
  Authorizer,
  Peer,
  RequestInfo,
  UserInfo,
} from "./ports.ts";
import { type Lifecycle, shuttingDown } from "./lifecycle.ts";
import { requestQuestion } from "./questions.ts";
import { Deadlines, timeoutOf } from "./request_deadline.ts";
import { isLongRunning, parseRequestInfo } from "./request_info.ts";
import { fieldRequirements, labelSelectorOf } from "./selector_attributes.ts";
import type { ServerMetrics } from "./metrics/mod.ts";

/** What answers a request that has been let in. */
export type Answer = (
  request: Request,
  query: URLSearchParams,
  info: RequestInfo,
  user: UserInfo,
  peer: Peer,
) => Promise<Response>;

export interface AppOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: ServerMetrics;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly gate: Gate;
  /** Requests for `/api/v1/…` and `/apis/<group>/<version>/…` below the version. */
  readonly resources: Answer;
  /** All other paths: discovery, OpenAPI, health, version, metrics. */
  readonly endpoints: Answer;
  readonly lifecycle: Lifecycle;
  /** How long a request may take that does not last. */
  readonly timeoutMilliseconds: number;
  /** Absent where nothing is recorded. */
  readonly audit?: Auditor;
}

export interface App {
  /** A request and the other end of its connection to an answer; never rejects. */
  handle(request: Request, peer: Peer): Promise<Response>;
  close(): void;
}

/** A request on its way through the chain. */
interface Asked {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly info: RequestInfo;
  readonly peer: Peer;
  readonly auditId: string;
  /** Whether it may last, and so has no deadline. */
  readonly lasts: boolean;
  /** Milliseconds spent waiting for its turn. */
  waited: number;
  /** What is recorded of it. */
  trail: AuditTrail | undefined;
}

/** Characters of an audit ID that a client chooses. */
const AUDIT_ID_MAXIMUM = 64;
/** Asked for until the very end. */
const HEALTH_PATHS = /^\/(?:healthz|livez|readyz)(?:\/|$)/;

/**
 * The whole chain on one screen: request info, deadline, authentication, impersonation, flow control, authorization, and then
 * the resource or endpoint. What is thrown anywhere becomes a `Status` here and nowhere else.
 */
export function createApp(options: AppOptions): App {
  const { clock, random, logger, metrics, authenticator, authorizer, gate, lifecycle } = options;
  const impersonation = new Impersonation(authorizer);
  const { timeoutMilliseconds } = options;
  const deadlines = new Deadlines(clock, timeoutMilliseconds);
  const app = new Hono<{ Bindings: { peer: Peer } }>();

  const letIn = async (asked: Asked): Promise<Response> => {
    const { request, query, info, peer } = asked;
    const caller = await authenticated(asked);
    if (options.audit !== undefined) beginAudit(options.audit, asked, caller);
    const user = await impersonation.userOf(
      request.headers,
      caller,
      (user) => attributesOf(info, query, user),
    );
    if (user !== caller) asked.trail?.impersonated(user);
    const entering = gate.enter(info, user, query, request);
    let place;
    if (entering instanceof Promise) {
      const since = clock.monotonic();
      place = await entering;
      asked.waited = clock.monotonic() - since;
    } else place = entering;
    if (place.retryAfterSeconds !== undefined) {
      metrics.terminated(request, info, query, 429);
      return withHeaders(tooManyRequests(place.retryAfterSeconds), place);
    }
    const kind = requestKind(info);
    metrics.inFlight[kind]++;
    try {
      await permit(authorizer, attributesOf(info, query, user), asked.trail);
      const answer = info.isResourceRequest ? options.resources : options.endpoints;
      return withHeaders(await answer(request, query, info, user, peer), place);
    } catch (error) {
      return withHeaders(await errorResponse(error, asked), place);
    } finally {
      metrics.inFlight[kind]--;
      place.leave();
    }
  };

  const authenticated = async (asked: Asked): Promise<UserInfo> => {
    try {
      const caller = await authenticator.authenticate(asked.request, asked.peer);
      if (caller === undefined) throw unauthorized();
      return caller;
    } catch (error) {
      options.audit?.refused(asked);
      throw error;
    }
  };

  /** Requests that last have no end of their own; all others are over in time, and the server's end waits for them. */
  const bounded = async (asked: Asked): Promise<Response> => {
    const { request, query, info } = asked;
    if (lifecycle.draining && !HEALTH_PATHS.test(info.path)) throw shuttingDown();
    if (asked.lasts) return await letIn(asked);
    const allowed = timeoutOf(query, timeoutMilliseconds);
    lifecycle.enter();
    try {
      return await deadlines.run(() => letIn(asked), allowed, (outcome, failed) => {
        metrics.postTimeout(failed);
        if (outcome instanceof Response) void outcome.body?.cancel().catch(() => {});
      });
    } catch (error) {
      if (error instanceof ApiError && error.code === 504) {
        metrics.terminated(request, info, query, 504);
      }
      throw error;
    } finally {
      lifecycle.leave();
    }
  };

  const errorResponse = (error: unknown, { request, info, trail }: Asked) => {
    if (error instanceof ApiError) return writeError(error, request);
    metrics.panicked();
    trail?.panicked(error);
    logger.error("request failed", { method: request.method, path: info.path, error });
    return writeError(internalError(String(error)), request);
  };

  app.all("*", async (context) => {
    const request = context.req.raw;
    const started = clock.monotonic();
    const { path, query } = splitUrl(request.url);
    const info = parseRequestInfo(request.method, path, query);
    const asked: Asked = {
      request,
      query,
      info,
      peer: context.env.peer,
      auditId: auditIdOf(request, random),
      lasts: isLongRunning(info),
      waited: 0,
      trail: undefined,
    };
    let response: Response;
    try {
      response = await bounded(asked);
    } catch (error) {
      response = await errorResponse(error, asked);
    }
    const seconds = (clock.monotonic() - started) / 1000;
    metrics.answered(request, info, query, response, seconds, asked.waited / 1000);
    if (response.status !== 101) {
      addHeader(response, "Audit-Id", asked.auditId);
      // A client that keeps the connection would only come back to a server that is gone.
      if (lifecycle.draining) addHeader(response, "Connection", "close");
    }
    return asked.trail === undefined ? response : await asked.trail.answered(response);
  });
  return {
    handle: async (request, peer) => await app.fetch(request, { peer }),
    close: () => deadlines.close(),
  };
}

async function permit(
  authorizer: Authorizer,
  attributes: AuthorizationAttributes,
  trail: AuditTrail | undefined,
): Promise<void> {
  const pending = authorizer.authorize(attributes);
  const decision = pending instanceof Promise ? await pending : pending;
  trail?.decided(decision);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}

function attributesOf(
  info: RequestInfo,
  query: URLSearchParams,
  user: UserInfo,
): AuthorizationAttributes {
  const fieldSelector = fieldRequirements(info, query);
  const labelSelector = labelSelectorOf(info, query);
  const question = requestQuestion(info, user);
  if (fieldSelector === undefined && labelSelector === undefined) return question;
  return {
    ...question,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}

/** The path as it was sent, and the query: quicker than a `URL` for what is asked thousands of times a second. */
function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const rest = start < 0 ? "/" : url.slice(start);
  const mark = rest.indexOf("?");
  const fragment = rest.indexOf("#");
  const end = fragment < 0 ? rest.length : fragment;
  return mark < 0
    ? { path: rest.slice(0, end), query: new URLSearchParams() }
    : { path: rest.slice(0, mark), query: new URLSearchParams(rest.slice(mark + 1, end)) };
}

function beginAudit(audit: Auditor, asked: Asked, caller: UserInfo): void {
  const trail = audit.begin(asked, caller);
  if (trail === undefined) return;
  asked.trail = trail;
  follow(asked.request, trail);
  if (!trail.received()) throw internalError("failed to store audit event");
}

/** What the request calls itself, or a name for it. */
function auditIdOf({ headers }: Request, random: Random): string {
  const given = headers.get("audit-id");
  return given === null || given === "" ? random.uuid() : given.slice(0, AUDIT_ID_MAXIMUM);
}

function withHeaders(response: Response, { headers = [] }: Place): Response {
  if (response.status === 101) return response;
  for (const [name, value] of headers) addHeader(response, name, value);
  return response;
}

/** Some answers, such as a passed-on fetch, have headers that cannot be changed: those go without. */
function addHeader(response: Response, name: string, value: string): void {
  try {
    response.headers.set(name, value);
  } catch {
    // Immutable.
  }
}
