import type { Library } from "../overload.ts";
import { AUTHORIZER, DECISION, GROUP_CHECK, PATH_CHECK, RESOURCE_CHECK } from "../authorizer.ts";
import { authorizer } from "./authorizer.ts";
import { conversions } from "./conversions.ts";
import { operators } from "./operators.ts";
import type { CelOpaqueType, CelType } from "../type.ts";
import { optional } from "./optional.ts";
import { standard } from "./standard.ts";

/** Every library that Kubernetes' expressions may use, in the order in which overloads are tried. */
export const libraries: readonly Library[] = [
  { overloads: operators },
  { overloads: standard },
  { overloads: conversions },
  { overloads: optional },
  {
    overloads: authorizer,
    types: byName(AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION),
  },
];

function byName(...types: readonly CelOpaqueType[]): Record<string, CelType> {
  return Object.fromEntries(types.map((type) => [type.name, type]));
}
