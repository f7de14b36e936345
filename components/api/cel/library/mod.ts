import type { Library } from "../overload.ts";
import type { CelOpaqueType, CelType } from "../type.ts";
import { authorizer } from "./authorizer.ts";
import { conversions } from "./conversions.ts";
import { formats } from "./formats.ts";
import { jsonPatch } from "./json_patch.ts";
import { listExtension } from "./list_extension.ts";
import { lists } from "./lists.ts";
import { CIDR, cidrs, IP, ips } from "./network.ts";
import { operators } from "./operators.ts";
import { optional } from "./optional.ts";
import { quantities } from "./quantity.ts";
import { regex } from "./regex.ts";
import { semvers } from "./semver.ts";
import { mapInsert, sets } from "./sets.ts";
import { standard } from "./standard.ts";
import { strings } from "./strings.ts";
import { urls } from "./urls.ts";

/** Every library that Kubernetes' expressions may use, in the order in which overloads are tried. */
export const libraries: readonly Library[] = [
  { overloads: operators },
  { overloads: standard },
  { overloads: conversions },
  { overloads: urls },
  { overloads: regex },
  { overloads: lists },
  { overloads: authorizer },
  { overloads: optional },
  { overloads: quantities },
  { overloads: strings },
  { overloads: sets },
  { overloads: ips, types: byName(IP) },
  { overloads: cidrs, types: byName(CIDR) },
  { overloads: formats },
  { overloads: mapInsert },
  { overloads: semvers },
  { overloads: listExtension },
];

/** What expressions have besides that make objects and patches. */
export const patchLibraries: readonly Library[] = [{ overloads: jsonPatch }];

function byName(...types: readonly CelOpaqueType[]): Record<string, CelType> {
  return Object.fromEntries(types.map((type) => [type.name, type]));
}
