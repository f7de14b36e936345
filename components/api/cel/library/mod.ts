import { AUTHORIZER, DECISION, GROUP_CHECK, PATH_CHECK, RESOURCE_CHECK } from "../authorizer.ts";
import type { Library } from "../overload.ts";
import type { CelOpaqueType, CelType } from "../type.ts";
import { authorizer } from "./authorizer.ts";
import { conversions } from "./conversions.ts";
import { FORMAT, formats } from "./formats.ts";
import { listExtension } from "./list_extension.ts";
import { lists } from "./lists.ts";
import { CIDR, cidrs, IP, ips } from "./network.ts";
import { operators } from "./operators.ts";
import { optional } from "./optional.ts";
import { quantities, QUANTITY } from "./quantity.ts";
import { regex } from "./regex.ts";
import { SEMVER, semvers } from "./semver.ts";
import { mapInsert, sets } from "./sets.ts";
import { standard } from "./standard.ts";
import { strings } from "./strings.ts";
import { URL_TYPE, urls } from "./urls.ts";

/** Every library that Kubernetes' expressions may use, in the order in which overloads are tried. */
export const libraries: readonly Library[] = [
  { overloads: operators },
  { overloads: standard },
  { overloads: conversions },
  { overloads: urls, types: byName(URL_TYPE) },
  { overloads: regex },
  { overloads: lists },
  {
    overloads: authorizer,
    types: byName(AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION),
  },
  { overloads: optional },
  { overloads: quantities, types: byName(QUANTITY) },
  { overloads: strings },
  { overloads: sets },
  { overloads: ips, types: byName(IP) },
  { overloads: cidrs, types: byName(CIDR) },
  { overloads: formats, types: byName(FORMAT) },
  { overloads: mapInsert },
  { overloads: semvers, types: byName(SEMVER) },
  { overloads: listExtension },
];

function byName(...types: readonly CelOpaqueType[]): Record<string, CelType> {
  return Object.fromEntries(types.map((type) => [type.name, type]));
}
