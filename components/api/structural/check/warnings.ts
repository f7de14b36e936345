import type { CustomResourceDefinition } from "../../generated/types.ts";
import { knownFormat } from "../value/formats.ts";
import { hasSchema } from "./unsupported.ts";

/** Formats that are new and that nothing knows: they are not enforced. */
export function definitionWarnings(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
): string[] {
  const known = new Set(previous === undefined ? [] : unknownFormats(previous));
  return unknownFormats(next).filter((format) => !known.has(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function unknownFormats({ spec }: CustomResourceDefinition): string[] {
  const found: string[] = [];
  for (const { schema } of spec?.versions ?? []) {
    if (schema?.openAPIV3Schema === undefined) continue;
    hasSchema(schema.openAPIV3Schema, ({ type = "", format = "" }) => {
      if (format !== "" && knownFormat(type, format) === "") found.push(format);
      return false;
    });
  }
  return found;
}
