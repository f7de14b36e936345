import { Hono } from "hono";
import {
  ApiError,
  type Clock,
  internalError,
  type Logger,
  type Random,
  unauthorized,
} from "../base/mod.ts";
import { impersonate } from "./authn/mod.ts";
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
import { parseRequestInfo } from "./request_info.ts";
import { fieldRequirements } from "./selector_attributes.ts";
import type { ServerMetrics } from "./server_metrics.ts";

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
}

/** A request and the other end of its connection to an answer; never rejects. */
export type Handler = (request: Request, peer: Peer) => Promise<Response>;

/**
 * The whole chain on one screen: request info, authentication, impersonation, flow control, authorization, and then
 * the resource or endpoint. What is thrown anywhere becomes a `Status` here and nowhere else.
 */
export function createApp(options: AppOptions): Handler {
  const { clock, random, logger, metrics, authenticator, authorizer, gate } = options;
  const app = new Hono<{ Bindings: { peer: Peer } }>();

  const letIn = async (request: Request, query: URLSearchParams, info: RequestInfo, peer: Peer) => {
    const caller = await authenticator.authenticate(request, peer);
    if (caller === undefined) throw unauthorized();
    const user = await impersonate(request.headers, caller, authorizer);
    const entering = gate.enter(info, user, query, request);
    const place = entering instanceof Promise ? await entering : entering;
    if (place.retryAfterSeconds !== undefined) {
      return withHeaders(tooManyRequests(place.retryAfterSeconds), place);
    }
    const kind = requestKind(info);
    metrics.inFlight[kind]++;
    try {
      await permit(authorizer, attributesOf(info, query, user));
      const answer = info.isResourceRequest ? options.resources : options.endpoints;
      return withHeaders(await answer(request, query, info, user, peer), place);
    } catch (error) {
      return withHeaders(await errorResponse(error, request, info), place);
    } finally {
      metrics.inFlight[kind]--;
      place.leave();
    }
  };

  const errorResponse = (error: unknown, request: Request, info: RequestInfo) => {
    if (error instanceof ApiError) return writeError(error, request);
    metrics.panicked();
    logger.error("request failed", { method: request.method, path: info.path, error });
    return writeError(internalError(String(error)), request);
  };

  app.all("*", async (context) => {
    const request = context.req.raw;
    const started = clock.monotonic();
    const { path, query } = splitUrl(request.url);
    const info = parseRequestInfo(request.method, path, query);
    let response: Response;
    try {
      response = await letIn(request, query, info, context.env.peer);
    } catch (error) {
      response = await errorResponse(error, request, info);
    }
    metrics.answered(request.method, info, response.status, (clock.monotonic() - started) / 1000);
    if (response.status !== 101) addHeader(response, "Audit-Id", random.uuid());
    return response;
  });
  return async (request, peer) => await app.fetch(request, { peer });
}

async function permit(authorizer: Authorizer, attributes: AuthorizationAttributes): Promise<void> {
  const pending = authorizer.authorize(attributes);
  const decision = pending instanceof Promise ? await pending : pending;
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}

function attributesOf(
  info: RequestInfo,
  query: URLSearchParams,
  user: UserInfo,
): AuthorizationAttributes {
  const fieldSelector = fieldRequirements(info, query);
  return {
    user,
    verb: info.verb,
    isResourceRequest: info.isResourceRequest,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
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
