import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import type { FakeAnswer, FakeCall } from "../../../components/apiserver/webhook/fake_webhook.ts";

const REVIEW = { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1" };

/** What an admission webhook answers, by the call's path. */
export function answer({ path, body }: FakeCall): FakeAnswer {
  const request = (body as JsonObject)["request"] as JsonObject;
  const { uid } = request;
  if (path.startsWith("/convert")) return { json: conversion(request) };
  const review = (response: JsonObject): FakeAnswer => ({
    json: { ...REVIEW, response: { uid, allowed: true, ...response } },
  });
  const patch = (operations: JsonValue): FakeAnswer =>
    review({ patchType: "JSONPatch", patch: btoa(JSON.stringify(operations)) });
  switch (path.split("?")[0]) {
    case "/deny":
      return review({ allowed: false, status: { message: "no", code: 418, reason: "Teapot" } });
    case "/deny-reason":
      return review({ allowed: false, status: { reason: "Because" } });
    case "/deny-silently":
      return review({ allowed: false });
    case "/warn":
      return review({ warnings: ["take care"] });
    case "/wrong-uid":
      return review({ uid: "other" });
    case "/patch-without-type":
      return review({ patch: btoa("[]") });
    case "/absent":
      return { json: REVIEW };
    case "/broken":
      return { status: 500, body: "it broke" };
    case "/label":
      return patch([{ op: "add", path: "/metadata/labels", value: { hooked: "yes" } }]);
    case "/container":
      return patch([{
        op: "add",
        path: "/spec/containers/-",
        value: { name: "sidecar", image: "side" },
      }]);
    case "/move":
      return patch([{ op: "add", path: "/metadata/namespace", value: "elsewhere" }]);
    case "/name":
      return patch([{ op: "add", path: "/metadata/uid", value: "other" }]);
    case "/spec":
      return patch([{ op: "add", path: "/spec", value: { a: "x", unknown: "y" } }]);
    case "/paint":
      return patch([{ op: "add", path: "/spec/paint", value: { name: "green" } }]);
    case "/deep":
      return review({
        patchType: "JSONPatch",
        patch: btoa(
          `[{"op":"add","path":"/data","value":${"[".repeat(50_000)}${"]".repeat(50_000)}}]`,
        ),
      });
    case "/bad-patch":
      return patch([{ op: "remove", path: "/data/none" }]);
    // What it was asked, in the answer's message.
    case "/show":
      return review({ allowed: false, status: { message: JSON.stringify(shown(request)) } });
    case "/count": {
      const object = request["object"] as { data?: Record<string, string> };
      const count = Number(object.data?.["count"] ?? "0") + 1;
      return patch([{ op: "add", path: "/data/count", value: String(count) }]);
    }
    default:
      return review({});
  }
}

/** Things have a `color` in v1 and a `paint` with a `name` in v2; no object called `broken` can be converted. */
function conversion({ uid = "", desiredAPIVersion = "", objects }: JsonObject): JsonObject {
  const all = objects as (JsonObject & { metadata: JsonObject; spec?: JsonObject })[];
  const broken = all.some(({ metadata }) => metadata["name"] === "broken");
  const convertedObjects = all.map((object) => {
    const { color, paint, ...rest } = object.spec ?? {};
    const name = color ?? (paint as JsonObject | undefined)?.["name"] ?? "none";
    const spec = String(desiredAPIVersion).endsWith("/v2") ? { paint: { name } } : { color: name };
    return { ...object, apiVersion: desiredAPIVersion, spec: { ...rest, ...spec } };
  });
  return {
    kind: "ConversionReview",
    apiVersion: "apiextensions.k8s.io/v1",
    response: broken
      ? { uid, result: { status: "Failure", message: "it is broken" } }
      : { uid, result: { status: "Success" }, convertedObjects },
  };
}

function shown({ uid, userInfo, object, oldObject, ...rest }: JsonObject): JsonObject {
  const nameOf = (value: unknown) =>
    value === null ? null : (value as { metadata?: JsonObject; kind: string }).metadata?.["name"] ??
      (value as { kind: string }).kind;
  return {
    ...rest,
    user: (userInfo as JsonObject)["username"] ?? null,
    uid: typeof uid,
    object: nameOf(object) as JsonValue,
    oldObject: nameOf(oldObject) as JsonValue,
  };
}
