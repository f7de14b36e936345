import { functions, type Overload } from "../overload.ts";
import { traversal } from "../string_cost.ts";
import { STRING } from "../type.ts";

/** A key as a JSON pointer writes it. Only expressions that make patches have it. */
export const jsonPatch: readonly Overload[] = functions("jsonpatch.escapeKey", [[
  "string_jsonpatch_escapeKey_string",
  [STRING],
  STRING,
  (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1"),
]], traversal(1, true));
