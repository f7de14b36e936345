import { isJsonObject, type JsonObject, type JsonValue } from "../../../base/mod.ts";
import { type KubeObject, nestsTooDeep } from "../../../api/served.ts";

/** What a webhook answered, after every check of its form. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  /** A Status, where it gave one. */
  readonly result: JsonObject | undefined;
  /** The text of a JSON patch; empty where there is none. */
  readonly patch: string;
  readonly patchType: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const VERSIONS = ["v1", "v1beta1"];

/** The first version that both know; undefined where there is none. Pure. */
export function reviewVersion(accepted: readonly string[]): string | undefined {
  return accepted.find((version) => VERSIONS.includes(version));
}

/** The body of a call. `described` is the request without its objects. Pure. */
export function reviewOf(
  version: string,
  uid: string,
  described: JsonObject,
  object: KubeObject | null,
  oldObject: KubeObject | null,
): JsonObject {
  const { dryRun, options, ...rest } = described;
  return {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      ...rest,
      object: object as unknown as JsonValue,
      oldObject: oldObject as unknown as JsonValue,
      dryRun: dryRun === true,
      options: options ?? null,
    },
  };
}

/** Checks an answer as upstream does. A string says what is wrong with it. Pure. */
export function readReview(
  value: JsonValue,
  version: string,
  uid: string,
  mutating: boolean,
): ReviewAnswer | string {
  if (nestsTooDeep(value)) return "exceeded max depth";
  if (!isJsonObject(value)) return "webhook response was absent";
  const response = value["response"];
  if (!isJsonObject(response)) return "webhook response was absent";
  const wrong = wrongIdentity(value, response, version, uid);
  if (wrong !== undefined) return wrong;
  const patch = typeof response["patch"] === "string" ? response["patch"] : "";
  const patchType = response["patchType"];
  const hasType = typeof patchType === "string";
  if (mutating && version === "v1") {
    if (patch !== "" && !hasType) {
      return "webhook returned response.patch but not response.patchType";
    }
    if (patch === "" && hasType) {
      return "webhook returned response.patchType but not response.patch";
    }
    if (patchType === "") return 'webhook returned invalid response.patchType of ""';
  }
  if (!mutating && version === "v1") {
    if (patch !== "") return "validating webhook may not return response.patch";
    if (hasType) return "validating webhook may not return response.patchType";
  }
  let text = "";
  try {
    text = new TextDecoder().decode(Uint8Array.fromBase64(patch));
  } catch {
    return "response.patch is not base64";
  }
  const { status, warnings, auditAnnotations } = response;
  return {
    allowed: response["allowed"] === true,
    result: isJsonObject(status) ? status : undefined,
    patch: text,
    patchType: hasType ? patchType : "JSONPatch",
    warnings: Array.isArray(warnings)
      ? warnings.filter((each): each is string => typeof each === "string")
      : [],
    auditAnnotations: isJsonObject(auditAnnotations)
      ? Object.fromEntries(
        Object.entries(auditAnnotations).filter((each): each is [string, string] =>
          typeof each[1] === "string"
        ),
      )
      : {},
  };
}

function wrongIdentity(
  value: JsonObject,
  response: JsonObject,
  version: string,
  uid: string,
): string | undefined {
  const { apiVersion, kind } = value;
  const expected = `admission.k8s.io/${version}`;
  // Older reviews may leave out what they are, and whom they answer.
  const stated = apiVersion !== undefined || kind !== undefined;
  if (version === "v1") {
    const answered = response["uid"];
    if (answered !== uid) {
      const shown = typeof answered === "string" ? answered : "";
      return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(shown)}`;
    }
  }
  if ((version === "v1" || stated) && (apiVersion !== expected || kind !== "AdmissionReview")) {
    return `expected webhook response of ${expected}, Kind=AdmissionReview, got ${
      apiVersion ?? ""
    }, Kind=${kind ?? ""}`;
  }
  return undefined;
}
