import type { JsonValue } from "../../base/mod.ts";

/** `Always` for an image without a digest whose tag is `latest` or missing, else `IfNotPresent`. */
export function imagePullPolicy(image: JsonValue | undefined): "Always" | "IfNotPresent" {
  if (typeof image !== "string" || image === "") return "IfNotPresent";
  if (image.includes("@")) return "IfNotPresent";
  // A colon before the last slash is a registry's port.
  const colon = image.indexOf(":", image.lastIndexOf("/") + 1);
  return colon < 0 || image.slice(colon + 1) === "latest" ? "Always" : "IfNotPresent";
}
