import type { FieldError } from "../resource_definition.ts";
import { goJson, goNumber, quoted } from "./go_text.ts";

/** What stands for a path that there is none of. */
export const NO_PATH = "<nil>";

/** Errors about the values of an object, by the paths of their fields as texts. */
export class ValueErrors {
  readonly list: FieldError[] = [];

  required(field: string, detail = ""): void {
    this.#add("FieldValueRequired", field, "Required value", detail);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add("FieldValueInvalid", field, `Invalid value: ${valueText(value)}`, detail);
  }

  /** A value of a wrong type; `value` names the type that it has. */
  typeInvalid(field: string, value: unknown, detail: string): void {
    this.#add("FieldValueTypeInvalid", field, `Invalid value: ${valueText(value)}`, detail);
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const list = supported.map(quoted).join(", ");
    this.#add(
      "FieldValueNotSupported",
      field,
      `Unsupported value: ${valueText(value)}`,
      list === "" ? "" : `supported values: ${list}`,
    );
  }

  forbidden(field: string, detail: string): void {
    this.#add("FieldValueForbidden", field, "Forbidden", detail);
  }

  duplicate(field: string, value: unknown): void {
    this.#add("FieldValueDuplicate", field, `Duplicate value: ${valueText(value)}`, "");
  }

  tooLong(field: string, maximum: number): void {
    const unit = maximum === 1 ? "byte" : "bytes";
    this.#add("FieldValueTooLong", field, "Too long", `may not be more than ${maximum} ${unit}`);
  }

  tooMany(field: string, actual: number, maximum: number): void {
    this.#add(
      "FieldValueTooMany",
      field,
      `Too many: ${actual}`,
      `must have at most ${maximum} ${maximum === 1 ? "item" : "items"}`,
    );
  }

  #add(reason: string, field: string, body: string, detail: string): void {
    this.list.push({ reason, message: detail === "" ? body : `${body}: ${detail}`, field });
  }
}

/** A value as messages show it. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return goNumber(value);
  return goJson(value);
}
