import { isJsonObject } from "../../../base/mod.ts";
import { type CelScope, CelTypes, compileCel } from "../../cel/mod.ts";
import { formatType } from "../../cel/type.ts";
import type { DeviceSelector, OpaqueDeviceConfiguration } from "../../generated/types.ts";
import { byteLength } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateDriverName } from "../storage_drivers.ts";
import { validateItems } from "./names.ts";

const SELECTORS_MAXIMUM = 32;
const EXPRESSION_BYTES_MAXIMUM = 10 * 1024;
const EXPRESSION_COST_MAXIMUM = 1_000_000;
const PARAMETERS_BYTES_MAXIMUM = 10 * 1024;

const DOMAIN = { ...CelTypes.string, maxElements: 63 };
const NAME = { ...CelTypes.string, maxElements: 32 };
const MEMBERS_MAXIMUM = 32;
const QUANTITY = { kind: "opaque", name: "kubernetes.Quantity", parameters: [] } as const;
const grouped = (value: typeof CelTypes.dyn | typeof QUANTITY) => ({
  ...CelTypes.map(DOMAIN, { ...CelTypes.map(NAME, value), maxElements: MEMBERS_MAXIMUM }),
  maxElements: MEMBERS_MAXIMUM,
});

/** What expressions of selectors know: one device. */
const SCOPE: CelScope = {
  variables: {
    device: CelTypes.object("kubernetes.DRADevice", {
      driver: { ...CelTypes.string, maxElements: 63 },
      attributes: grouped(CelTypes.dyn),
      capacity: grouped(QUANTITY),
      allowMultipleAllocations: CelTypes.bool,
    }),
  },
};

/** `stored`: expressions that were accepted before are not looked at again. */
export function validateSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  path: Path,
  errors: Errors,
  stored = false,
): void {
  validateItems(selectors, SELECTORS_MAXIMUM, path, errors, ({ cel }, at) => {
    if (cel === undefined) return errors.required(at.child("cel"));
    if (stored) return;
    const { expression = "" } = cel;
    const place = at.child("cel").child("expression");
    if (byteLength(expression) > EXPRESSION_BYTES_MAXIMUM) {
      return errors.tooLong(place, EXPRESSION_BYTES_MAXIMUM);
    }
    const compiled = compileCel(expression, SCOPE);
    if (!compiled.ok) errors.invalid(place, expression, compiled.message);
    else if (!["bool", "dyn"].includes(compiled.program.type.kind)) {
      const type = formatType(compiled.program.type);
      errors.invalid(place, expression, `must evaluate to bool or the unknown type, not ${type}`);
    } else if (compiled.cost.max > EXPRESSION_COST_MAXIMUM) {
      errors.forbidden(place, "too complex, exceeds cost limit");
    }
  });
}

/** Parameters that only a driver understands. */
export function validateOpaque(
  opaque: OpaqueDeviceConfiguration | undefined,
  path: Path,
  errors: Errors,
  stored = false,
): void {
  const at = path.child("opaque");
  if (opaque === undefined) return errors.required(at);
  validateDriverName(opaque.driver ?? "", at.child("driver"), errors);
  validateRaw(opaque.parameters, PARAMETERS_BYTES_MAXIMUM, at.child("parameters"), errors, stored);
}

/** An object of any form. */
export function validateRaw(
  value: unknown,
  maximum: number,
  path: Path,
  errors: Errors,
  stored = false,
): void {
  if (value === undefined || value === null) return errors.required(path);
  if (!stored && byteLength(JSON.stringify(value)) > maximum) return errors.tooLong(path, maximum);
  if (!isJsonObject(value)) {
    errors.invalid(path, "<value omitted>", "must be a valid JSON object");
  }
}
