import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import type { AuditLevel, AuditStage } from "./audit_policy.ts";

/** `audit.k8s.io/v1` Event, with its members in upstream's order. */
export interface AuditEvent {
  readonly kind: "Event";
  readonly apiVersion: "audit.k8s.io/v1";
  readonly level: AuditLevel;
  readonly auditID: string;
  stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: JsonObject;
  impersonatedUser?: JsonObject;
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  objectRef?: JsonObject;
  responseStatus?: JsonObject;
  requestObject?: JsonValue;
  responseObject?: JsonValue;
  readonly requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
}

/** Pure. */
export function userOf({ username, uid, groups, extra }: UserInfo): JsonObject {
  return {
    username,
    ...(uid === undefined || uid === "" ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(extra === undefined || Object.keys(extra).length === 0
      ? {}
      : { extra: structuredClone(extra) as unknown as JsonObject }),
  };
}

/** Pure; undefined for requests that are for no resource. */
export function objectRefOf(info: RequestInfo): JsonObject | undefined {
  if (!info.isResourceRequest) return undefined;
  const member = (name: string, value: string) => value === "" ? {} : { [name]: value };
  return {
    ...member("resource", info.resource),
    ...member("namespace", info.namespace),
    ...member("name", info.name),
    ...member("apiGroup", info.group),
    ...member("apiVersion", info.version),
    ...member("subresource", info.subresource),
  };
}

/** What a body adds to what the path says of the object. Pure. */
export function completedRef(ref: JsonObject, body: JsonValue): JsonObject {
  const metadata = isJsonObject(body) && isJsonObject(body["metadata"]) ? body["metadata"] : {};
  const added: JsonObject = {};
  for (const name of ["namespace", "name", "uid", "resourceVersion"]) {
    const value = metadata[name];
    if (ref[name] === undefined && typeof value === "string" && value !== "") added[name] = value;
  }
  return { ...ref, ...added };
}

/** The addresses that a request came through, as it says, and at last the one it came from. Pure. */
export function sourceAddresses(headers: Headers, peer: string): string[] {
  const addresses = (headers.get("x-forwarded-for") ?? "").split(",")
    .map((each) => each.trim())
    .filter(isAddress);
  const real = (headers.get("x-real-ip") ?? "").trim();
  if (isAddress(real) && !addresses.includes(real)) addresses.push(real);
  const direct = peer.replace(/:\d+$/, "").replace(/^::ffff:/, "");
  if (isAddress(direct) && addresses.at(-1) !== direct) addresses.push(direct);
  return addresses;
}

const isAddress = (text: string): boolean => /^[0-9.]+$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text);

/** A copy without what says who owns which field. Pure. */
export function withoutManagedFields(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const copy = { ...value };
  if (isJsonObject(copy["metadata"])) {
    const { managedFields: _fields, ...metadata } = copy["metadata"];
    copy["metadata"] = metadata;
  }
  if (Array.isArray(copy["items"])) copy["items"] = copy["items"].map(withoutManagedFields);
  return copy;
}

/** What an event says of an answer: the whole of a `Status`, else the code alone. Pure. */
export function statusOf(code: number, body: JsonValue | undefined): JsonObject {
  if (body === undefined || !isJsonObject(body) || body["kind"] !== "Status") {
    return { metadata: {}, code };
  }
  const { kind: _kind, apiVersion: _version, metadata = {}, ...rest } = body;
  return { metadata, ...rest, code };
}
