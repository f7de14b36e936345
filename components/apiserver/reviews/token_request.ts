import { SignJWT } from "jose";
import {
  badRequest,
  type Clock,
  conflict,
  invalid,
  notFound,
  type Random,
  timestamp,
} from "../../base/mod.ts";
import type {
  FieldError,
  KubeObject,
  Node,
  Pod,
  Secret,
  ServiceAccount,
  TokenRequest,
} from "../../api/served.ts";
import type { ServiceAccountKeys } from "../../pki/mod.ts";
import { type ServiceAccountClaims, serviceAccountUsername } from "../authn/mod.ts";
import type { ObjectReader, VirtualHandler } from "../ports.ts";

const DEFAULT_SECONDS = 3600;
const MINIMUM_SECONDS = 600;
const MAXIMUM_SECONDS = 2 ** 32;
/**
 * What the token volume of every pod asks for. Such a token lives a year, for clients that never read their file
 * again, and carries the time after which its use shows that they do not.
 */
const POD_TOKEN_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

export interface TokenRequestOptions {
  readonly keys: ServiceAccountKeys;
  readonly issuer: string;
  readonly apiAudiences: readonly string[];
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
}

type BoundClaims = Pick<ServiceAccountClaims, "pod" | "node" | "secret">;

/** POST serviceaccounts/<name>/token: a signed token for the account, bound to an object where that is asked for. */
export class TokenRequests implements VirtualHandler {
  readonly group = "";
  readonly resource = "serviceaccounts";
  readonly subresource = "token";
  readonly #options: TokenRequestOptions;

  constructor(options: TokenRequestOptions) {
    this.#options = options;
  }

  async create(
    { object, namespace, name }: { object: KubeObject; namespace: string; name: string },
  ): Promise<KubeObject> {
    const request = object as TokenRequest;
    const { apiAudiences, clock } = this.#options;
    const spec = request.spec ?? {};
    const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
    validate(request, namespace, name, seconds);
    const account = await this.#find<ServiceAccount>("serviceaccounts", namespace, name);
    const uid = account.metadata?.uid ?? "";
    const wantedUid = request.metadata?.uid;
    if (wantedUid !== undefined && wantedUid !== "" && wantedUid !== uid) {
      throw conflict(
        { group: "", resource: "serviceaccounts" },
        name,
        `the UID in the token request (${wantedUid}) does not match the UID of the service account (${uid})`,
      );
    }
    const audiences = spec.audiences?.length ? spec.audiences : [...apiAudiences];
    const bound = await this.#bound(request, namespace, name);
    const now = Math.floor(clock.now() / 1000);
    const extended = seconds === POD_TOKEN_SECONDS && bound.pod !== undefined &&
      sameSet(audiences, apiAudiences);
    const token = await this.#sign(
      {
        namespace,
        serviceaccount: { name, uid },
        ...bound,
        ...(extended ? { warnafter: now + seconds } : {}),
      },
      audiences,
      now,
      now + (extended ? EXTENDED_SECONDS : seconds),
    );
    return {
      ...request,
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { ...request.metadata, name, namespace },
      spec: { ...spec, audiences, expirationSeconds: seconds },
      status: { token, expirationTimestamp: timestamp((now + seconds) * 1000) },
    } as TokenRequest;
  }

  #sign(
    claims: ServiceAccountClaims,
    audiences: readonly string[],
    now: number,
    expires: number,
  ): Promise<string> {
    const { keys: { signing }, issuer, random } = this.#options;
    return new SignJWT({
      aud: [...audiences],
      exp: expires,
      iat: now,
      iss: issuer,
      jti: random.uuid(),
      "kubernetes.io": claims,
      nbf: now,
      sub: serviceAccountUsername(claims.namespace, claims.serviceaccount.name),
    }).setProtectedHeader({ alg: signing.algorithm, kid: signing.keyId }).sign(signing.privateKey);
  }

  async #bound(
    { spec }: TokenRequest,
    namespace: string,
    account: string,
  ): Promise<BoundClaims> {
    const ref = spec?.boundObjectRef;
    if (ref === undefined) return {};
    const name = ref.name ?? "";
    switch (`${ref.apiVersion}/${ref.kind}`) {
      case "v1/Pod": {
        const pod = await this.#find<Pod>("pods", namespace, name, ref.uid);
        if (pod.spec?.serviceAccountName !== account) {
          throw badRequest(
            `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with ` +
              "different serviceaccount name.",
          );
        }
        const nodeName = pod.spec.nodeName ?? "";
        const node = nodeName === ""
          ? undefined
          : this.#options.reader.get<Node>("", "nodes", "", nodeName);
        const nodeClaim = node === undefined ? { name: nodeName } : claim(node);
        return { pod: claim(pod), ...(nodeName === "" ? {} : { node: nodeClaim }) };
      }
      case "v1/Node":
        return { node: claim(await this.#find<Node>("nodes", "", name, ref.uid)) };
      case "v1/Secret":
        return { secret: claim(await this.#find<Secret>("secrets", namespace, name, ref.uid)) };
      default:
        throw badRequest(`cannot bind token to object of type ${ref.apiVersion}, Kind=${ref.kind}`);
    }
  }

  async #find<T extends KubeObject>(
    resource: string,
    namespace: string,
    name: string,
    uid?: string,
  ): Promise<T> {
    const { reader } = this.#options;
    const fits = (found: T | undefined) =>
      found !== undefined && (!uid || found.metadata?.uid === uid);
    let found = reader.get<T>("", resource, namespace, name);
    if (!fits(found)) {
      // It may have been made a moment ago.
      await reader.fresh("", resource);
      found = reader.get<T>("", resource, namespace, name);
    }
    if (found === undefined) throw notFound({ group: "", resource }, name);
    if (!fits(found)) {
      throw conflict(
        { group: "", resource },
        name,
        `the UID in the bound object reference (${uid}) does not match the UID in record. ` +
          "The object might have been deleted and then recreated",
      );
    }
    return found;
  }
}

const claim = ({ metadata }: KubeObject): { name: string; uid: string } => ({
  name: metadata?.name ?? "",
  uid: metadata?.uid ?? "",
});

function validate(request: TokenRequest, namespace: string, name: string, seconds: number): void {
  const { metadata } = request;
  if (metadata?.name && metadata.name !== name) {
    throw badRequest(
      `the name in the token request (${metadata.name}) does not match the name of the service account (${name})`,
    );
  }
  if (metadata?.namespace && metadata.namespace !== namespace) {
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  const errors: FieldError[] = [];
  const wrong = (why: string) =>
    errors.push({
      reason: "FieldValueInvalid",
      field: "spec.expirationSeconds",
      message: `Invalid value: ${seconds}: ${why}`,
    });
  if (seconds < MINIMUM_SECONDS) wrong("may not specify a duration less than 10 minutes");
  if (seconds > MAXIMUM_SECONDS) wrong("may not specify a duration larger than 2^32 seconds");
  if (errors.length > 0) {
    throw invalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, "", errors);
  }
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item) => b.includes(item));
