import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { goJson } from "./go_text.ts";
import type { ScalePaths } from "../resource_definition.ts";
import type { ValueErrors } from "./value_errors.ts";

const INT32_MAXIMUM = 2 ** 31 - 1;

/** The steps of a simple path: `.spec.replicas` is `spec` and `replicas`. */
export const pathSteps = (path: string): string[] => path.replace(/^\./, "").split(".");

export interface Found {
  readonly value?: JsonValue;
  /** Why there is no way along the path. */
  readonly error?: string;
}

/** The value at a simple path. */
export function valueAt(object: JsonObject, path: string): Found {
  let value: JsonValue = object;
  const steps = pathSteps(path);
  for (const [i, step] of steps.entries()) {
    if (!isJsonObject(value)) {
      const at = steps.slice(0, i).map((name) => `.${name}`).join("");
      return {
        error: `${at} accessor error: ${goJson(value)} is of the type ${
          goType(value)
        }, expected map[string]interface{}`,
      };
    }
    const member: JsonValue | undefined = Object.hasOwn(value, step) ? value[step] : undefined;
    if (member === undefined) return {};
    value = member;
  }
  return { value };
}

/** What Go reads such a value as. */
export function goType(value: JsonValue): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}

/** A whole number at a path; absent ones are 0. */
export function replicasAt(object: JsonObject, path: string): Found & { readonly count: number } {
  const found = valueAt(object, path);
  const { value } = found;
  if (value === undefined) return { ...found, count: 0 };
  if (typeof value === "number" && Number.isInteger(value)) return { value, count: value };
  return {
    error: `.${pathSteps(path).join(".")} accessor error: ${goJson(value)} is of the type ${
      goType(value)
    }, expected int64`,
    count: 0,
  };
}

/** A text at a path; absent ones are "". */
export function selectorAt(object: JsonObject, path: string): Found & { readonly text: string } {
  const found = valueAt(object, path);
  const { value } = found;
  if (value === undefined) return { ...found, text: "" };
  if (typeof value === "string") return { value, text: value };
  return {
    error: `.${pathSteps(path).join(".")} accessor error: ${goJson(value)} is of the type ${
      goType(value)
    }, expected string`,
    text: "",
  };
}

export function checkScaleSpec(object: JsonObject, paths: ScalePaths, errors: ValueErrors): void {
  checkReplicas(object, paths.specReplicas, errors);
}

export function checkScaleStatus(object: JsonObject, paths: ScalePaths, errors: ValueErrors): void {
  checkReplicas(object, paths.statusReplicas, errors);
  const { labelSelector } = paths;
  if (labelSelector === undefined || labelSelector === "") return;
  const { error } = selectorAt(object, labelSelector);
  if (error !== undefined) errors.invalid(labelSelector, "", error);
}

function checkReplicas(object: JsonObject, path: string, errors: ValueErrors): void {
  const { count, error } = replicasAt(object, path);
  if (error !== undefined) errors.invalid(path, 0, error);
  else if (count < 0) errors.invalid(path, count, "should be a non-negative integer");
  else if (count > INT32_MAXIMUM) {
    errors.invalid(path, count, `should be less than or equal to ${INT32_MAXIMUM}`);
  }
}
