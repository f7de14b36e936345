import { isJsonObject } from "../../base/mod.ts";
import type { FieldError } from "../resource_definition.ts";
import type { Path } from "./path.ts";

/** What a validation found, in the order of the rules. Words and forms are upstream's. */
export class Errors {
  readonly list: FieldError[] = [];

  get empty(): boolean {
    return this.list.length === 0;
  }

  required(path: Path, detail = ""): void {
    this.#add("FieldValueRequired", path, "Required value", detail);
  }

  invalid(path: Path, value: unknown, detail: string): void {
    this.#add("FieldValueInvalid", path, `Invalid value: ${valueText(value)}`, detail);
  }

  /** A value that is too large, or too much of a secret, to be told. */
  invalidWhole(path: Path, detail: string): void {
    this.#add("FieldValueInvalid", path, "Invalid value", detail);
  }

  /** One error for each text of a broken rule. */
  invalidAll(path: Path, value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(path, value, detail);
  }

  notSupported(path: Path, value: unknown, supported: readonly string[]): void {
    const detail = supported.length === 0
      ? ""
      : `supported values: ${supported.map((each) => JSON.stringify(each)).join(", ")}`;
    this.#add("FieldValueNotSupported", path, `Unsupported value: ${valueText(value)}`, detail);
  }

  forbidden(path: Path, detail: string): void {
    this.#add("FieldValueForbidden", path, "Forbidden", detail);
  }

  duplicate(path: Path, value: unknown): void {
    this.#add("FieldValueDuplicate", path, `Duplicate value: ${valueText(value)}`, "");
  }

  notFound(path: Path, value: unknown): void {
    this.#add("FieldValueNotFound", path, `Not found: ${valueText(value)}`, "");
  }

  tooLong(path: Path, bytes: number): void {
    this.#add("FieldValueTooLong", path, "Too long", `may not be more than ${bytes} bytes`);
  }

  tooMany(path: Path, actual: number, limit: number): void {
    this.#add("FieldValueTooMany", path, `Too many: ${actual}`, `must have at most ${limit} items`);
  }

  #add(reason: string, path: Path, body: string, detail: string): void {
    this.list.push({
      reason,
      message: detail === "" ? body : `${body}: ${detail}`,
      field: path.toString(),
    });
  }
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
