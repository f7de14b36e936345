import type { JsonSchema } from "../node.ts";
import type { ValueErrors } from "../value_errors.ts";
import type { VersionOptions } from "./options.ts";

/** Checks the rules that stand in a schema: that they compile, and what they cost. */
export function checkSchemaRules(
  _schema: JsonSchema,
  _path: string,
  _unchanged: boolean,
  _options: VersionOptions,
  _errors: ValueErrors,
): void {}
