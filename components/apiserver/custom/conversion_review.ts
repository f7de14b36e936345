import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import {
  Errors,
  type KubeObject,
  Path,
  validateAnnotations,
  validateLabels,
} from "../../api/served.ts";

const GROUP = "apiextensions.k8s.io";
const KNOWN_VERSIONS = new Set(["v1", "v1beta1"]);

/** What a webhook is asked: objects, all of which are to become of one version. */
export interface ConversionRequest {
  readonly uid: string;
  /** `group/version`. */
  readonly desired: string;
  readonly objects: readonly KubeObject[];
  /** The first version of reviews that both sides know. */
  readonly reviewVersion: string;
}

/** The first review version that we know; undefined where there is none. */
export const reviewVersionOf = (versions: readonly string[]): string | undefined =>
  versions.find((version) => KNOWN_VERSIONS.has(version));

export function conversionReview(request: ConversionRequest): JsonObject {
  return {
    kind: "ConversionReview",
    apiVersion: `${GROUP}/${request.reviewVersion}`,
    request: {
      uid: request.uid,
      desiredAPIVersion: request.desired,
      objects: request.objects as unknown as JsonValue[],
    },
  };
}

/** Why a webhook's answer is none; the message follows the name of what was converted. */
export class ConversionFailure extends Error {}

/** The objects of an answer, in the order of those that were asked for. Throws `ConversionFailure`. */
export function convertedObjects(answer: JsonValue, request: ConversionRequest): KubeObject[] {
  const objects = answeredObjects(answer, request);
  if (objects.length !== request.objects.length) {
    throw new ConversionFailure(
      `returned ${objects.length} objects, expected ${request.objects.length}`,
    );
  }
  return objects.map((object, i) => checked(object, request.objects[i] ?? {}, request.desired, i));
}

function answeredObjects(answer: JsonValue, request: ConversionRequest): readonly JsonValue[] {
  const review = isJsonObject(answer) ? answer : {};
  const { response } = review;
  if (request.reviewVersion === "v1") {
    const expected = `${GROUP}/v1, Kind=ConversionReview`;
    const version = String(review["apiVersion"] ?? "");
    const got = `${version.includes("/") ? version : `/${version}`}, Kind=${review["kind"] ?? ""}`;
    if (expected !== got) {
      throw new ConversionFailure(`failed: expected webhook response of ${expected}, got ${got}`);
    }
  }
  if (!isJsonObject(response)) throw new ConversionFailure("failed: no response provided");
  if (request.reviewVersion === "v1" && response["uid"] !== request.uid) {
    const got = typeof response["uid"] === "string" ? response["uid"] : "";
    throw new ConversionFailure(
      `failed: expected response.uid=${JSON.stringify(request.uid)}, got ${JSON.stringify(got)}`,
    );
  }
  const result = isJsonObject(response["result"]) ? response["result"] : {};
  if (result["status"] !== "Success") {
    const message = typeof result["message"] === "string" ? result["message"] : "";
    throw new ConversionFailure(
      message === ""
        ? `failed: response.result.status was '${result["status"] ?? ""}', not 'Success'`
        : `failed: ${message}`,
    );
  }
  const objects = response["convertedObjects"];
  return Array.isArray(objects) ? objects : [];
}

function checked(
  value: JsonValue,
  original: KubeObject,
  desired: string,
  index: number,
): KubeObject {
  const refuse = (why: string) =>
    new ConversionFailure(`returned invalid converted object at index ${index}: ${why}`);
  if (!isJsonObject(value)) throw refuse("it is no object");
  const { apiVersion, kind, metadata } = value;
  if (apiVersion !== desired) {
    throw refuse(`invalid groupVersion (expected ${desired}, received ${apiVersion ?? ""})`);
  }
  if (kind !== original.kind) {
    throw refuse(`invalid kind (expected ${original.kind ?? ""}, received ${kind ?? ""})`);
  }
  if (!isJsonObject(metadata)) {
    throw new ConversionFailure(
      `returned invalid metadata in object at index ${index}: missing metadata in converted object`,
    );
  }
  for (const [member, name] of [["name", "name"], ["namespace", "namespace"], ["uid", "UID"]]) {
    const [was, is] = [
      (original.metadata as JsonObject | undefined)?.[member ?? ""] ?? "",
      metadata[member ?? ""] ?? "",
    ];
    if (was !== is) throw refuse(`must have the same ${name}: ${was} != ${is}`);
  }
  const problem = textsProblem(metadata);
  if (problem !== undefined) {
    throw new ConversionFailure(
      `returned invalid metadata in object at index ${index}: ${problem}`,
    );
  }
  // A webhook may change labels and annotations, and nothing else of the metadata.
  const kept: JsonObject = { ...original.metadata as JsonObject };
  for (const member of ["labels", "annotations"]) {
    const given = metadata[member];
    if (given === undefined || given === null) delete kept[member];
    else kept[member] = given;
  }
  return { ...value, metadata: kept } as KubeObject;
}

function textsProblem(metadata: JsonObject): string | undefined {
  const errors = new Errors();
  for (const member of ["labels", "annotations"]) {
    const given = metadata[member];
    if (given === undefined || given === null) continue;
    if (!isJsonObject(given)) return `invalid metadata.${member} in converted object`;
    for (const [name, text] of Object.entries(given)) {
      if (typeof text === "string") continue;
      return `metadata.${member}[${name}] must be a string in converted object`;
    }
    const texts = given as Record<string, string>;
    if (member === "labels") validateLabels(texts, Path.of("metadata", "labels"), errors);
    else validateAnnotations(texts, Path.of("metadata", "annotation"), errors);
  }
  const [first] = errors.list;
  return first === undefined ? undefined : `${first.field}: ${first.message}`;
}
