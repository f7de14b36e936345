import type { Library } from "../overload.ts";
import { conversions } from "./conversions.ts";
import { operators } from "./operators.ts";
import { standard } from "./standard.ts";

/** Every library that Kubernetes' expressions may use, in the order in which overloads are tried. */
export const libraries: readonly Library[] = [
  { overloads: operators },
  { overloads: standard },
  { overloads: conversions },
];
