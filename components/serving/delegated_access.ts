import { X509Certificate } from "node:crypto";
import { ApiError, type Clock, unauthorized } from "../base/mod.ts";
import {
  CONFIG_MAPS,
  SUBJECT_ACCESS_REVIEWS,
  type SubjectAccessReview,
  TOKEN_REVIEWS,
  type TokenReview,
} from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import type { DoorPeer } from "./door.ts";

/** Who asks. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** How long an answer of the API server's holds, and how many are remembered; the oldest are forgotten. */
const CACHE_MILLISECONDS = 10_000;
const CACHE_MAXIMUM = 1_000;
/** Who may do everything needs nobody asked. */
const MASTERS = "system:masters";
const ANONYMOUS: ReviewedUser = {
  username: "system:anonymous",
  groups: ["system:unauthenticated"],
};

/**
 * Who may ask a component for what, as the API server says: tokens by TokenReview, client certificates by the authority
 * that the door verified them against, what each may do by SubjectAccessReview.
 */
export class DelegatedAccess {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #users = new Map<
    string,
    { readonly at: number; readonly user: ReviewedUser | undefined }
  >();
  readonly #allowed = new Map<string, { readonly at: number; readonly allowed: boolean }>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Undefined where the request may pass; else the error that answers it. Rejects where the API server is away. */
  async refusal(request: Request, peer: DoorPeer): Promise<ApiError | undefined> {
    const user = await this.#userOf(request, peer);
    if (user === undefined) return unauthorized();
    const path = new URL(request.url).pathname;
    const verb = request.method === "GET" ? "get" : request.method.toLowerCase();
    if (user.groups.includes(MASTERS) || await this.#isAllowed(user, verb, path)) return undefined;
    const who = JSON.stringify(user.username);
    const message = `forbidden: User ${who} cannot ${verb} path ${JSON.stringify(path)}`;
    return new ApiError(403, "Forbidden", message, {});
  }

  async #userOf(request: Request, peer: DoorPeer): Promise<ReviewedUser | undefined> {
    if (peer.certificate !== undefined) return certificateUser(peer.certificate);
    const header = request.headers.get("authorization");
    if (header === null) return peer.unverified === true ? undefined : ANONYMOUS;
    const token = /^bearer +(\S+)$/i.exec(header.trim())?.[1];
    if (token === undefined) return undefined;
    const now = this.#clock.monotonic();
    const known = this.#users.get(token);
    if (known !== undefined && now - known.at < CACHE_MILLISECONDS) return known.user;
    const review = await this.#client.create<TokenReview>(TOKEN_REVIEWS, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token },
    });
    const { authenticated, user: found } = review.status ?? {};
    const user = authenticated === true && found !== undefined
      ? { username: found.username ?? "", uid: found.uid ?? "", groups: found.groups ?? [] }
      : undefined;
    remember(this.#users, token, { at: now, user });
    return user;
  }

  async #isAllowed(user: ReviewedUser, verb: string, path: string): Promise<boolean> {
    const key = JSON.stringify([user, verb, path]);
    const now = this.#clock.monotonic();
    const known = this.#allowed.get(key);
    if (known !== undefined && now - known.at < CACHE_MILLISECONDS) return known.allowed;
    const review = await this.#client.create<SubjectAccessReview>(SUBJECT_ACCESS_REVIEWS, {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: user.username,
        groups: [...user.groups],
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        nonResourceAttributes: { path, verb },
      },
    });
    const allowed = review.status?.allowed === true;
    remember(this.#allowed, key, { at: now, allowed });
    return allowed;
  }
}

/** The authority of client certificates that the API server itself goes by; undefined where it does not say. */
export async function clusterClientAuthority(client: Client): Promise<string | undefined> {
  const map = await client.find(
    CONFIG_MAPS,
    "extension-apiserver-authentication",
    "kube-system",
  );
  const text = map?.data?.["client-ca-file"];
  return text === "" ? undefined : text;
}

function certificateUser(der: Uint8Array): ReviewedUser {
  const fields = new X509Certificate(der).subject.split("\n").map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  const all = (name: string) => fields.filter(([key]) => key === name).map(([, value]) => value);
  return {
    username: all("CN")[0] ?? "",
    groups: [...all("O"), "system:authenticated"],
  };
}

function remember<V>(cache: Map<string, V>, key: string, value: V): void {
  cache.delete(key);
  cache.set(key, value);
  const [oldest] = cache.keys();
  if (cache.size > CACHE_MAXIMUM && oldest !== undefined) cache.delete(oldest);
}
