import type { FieldError } from "../resource_definition.ts";
import { goJson, goNumber, quoted } from "./go_text.ts";

/** What stands for a path that there is none of. */
export const NO_PATH = "<nil>";

/** A value that messages do not show. */
export const OMITTED: unique symbol = Symbol("omitted");

/** Errors about the values of an object, by the paths of their fields as texts. */
export class ValueErrors {
  readonly list: FieldError[] = [];

  required(field: string, detail = ""): void {
    this.#add("FieldValueRequired", field, "Required value", detail);
  }

  invalid(field: string, value: unknown, detail: string): void {
    const body = value === OMITTED ? "Invalid value" : `Invalid value: ${valueText(value)}`;
    this.#add("FieldValueInvalid", field, body, detail);
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
    const body = value === OMITTED ? "Duplicate value" : `Duplicate value: ${valueText(value)}`;
    this.#add("FieldValueDuplicate", field, body, "");
  }

  /** Something that only we can be at fault for. */
  internal(field: string, detail: string): void {
    this.#add("InternalError", field, "Internal error", detail);
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
