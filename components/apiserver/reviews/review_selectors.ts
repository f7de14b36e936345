import type { StatusCause } from "../../base/mod.ts";
import type { ResourceAttributes } from "../../api/served.ts";
import { readFieldSelector, readLabelSelector } from "../selector_attributes.ts";
import type { AuthorizationAttributes, FieldRequirement } from "../ports.ts";

type Selectors = Pick<AuthorizationAttributes, "fieldSelector" | "labelSelector">;
type Attributes = ResourceAttributes | undefined;

/** The selectors that a review asks about. What cannot be said is left out: then it asks about more, never about less. */
export function selectorsOf(asked: Attributes): Selectors {
  const fields = fieldsOf(asked?.fieldSelector);
  const labels = labelsOf(asked?.labelSelector);
  return {
    ...(fields.length === 0 ? {} : { fieldSelector: fields }),
    ...(labels === "" ? {} : { labelSelector: labels }),
  };
}

function fieldsOf(selector: NonNullable<Attributes>["fieldSelector"]): FieldRequirement[] {
  const { rawSelector = "", requirements = [] } = selector ?? {};
  if (rawSelector !== "") return readFieldSelector(rawSelector) ?? [];
  return requirements.flatMap(({ key = "", operator, values = [] }): FieldRequirement[] => {
    const [value] = values;
    if (value === undefined || values.length !== 1) return [];
    if (operator === "In") return [{ field: key, operator: "=", value }];
    return operator === "NotIn" ? [{ field: key, operator: "!=", value }] : [];
  });
}

function labelsOf(selector: NonNullable<Attributes>["labelSelector"]): string {
  const { rawSelector = "", requirements = [] } = selector ?? {};
  const written = rawSelector !== "" ? rawSelector : requirements.map(
    ({ key = "", operator, values = [] }) => {
      switch (operator) {
        case "In":
          return `${key} in (${values.join(",")})`;
        case "NotIn":
          return `${key} notin (${values.join(",")})`;
        case "Exists":
          return key;
        case "DoesNotExist":
          return `!${key}`;
        default:
          return "";
      }
    },
  ).filter((one) => one !== "").join(",");
  return readLabelSelector(written) ?? "";
}

/** What is wrong with a review's selectors, in upstream's words. */
export function selectorErrors(asked: Attributes): StatusCause[] {
  const errors: StatusCause[] = [];
  for (const member of ["fieldSelector", "labelSelector"] as const) {
    const selector = asked?.[member];
    if (selector === undefined) continue;
    const path = `spec.resourceAttributes.${member}`;
    const { rawSelector = "", requirements = [] } = selector;
    if (rawSelector !== "" && requirements.length > 0) {
      errors.push({
        reason: "FieldValueInvalid",
        field: `${path}.rawSelector`,
        message: `Invalid value: ${
          JSON.stringify(rawSelector)
        }: may not specified at the same time as requirements`,
      });
    }
    if (rawSelector === "" && requirements.length === 0) {
      required(
        errors,
        `${path}.requirements`,
        `when ${path} is specified, requirements or rawSelector is required`,
      );
    }
    for (const [i, { key = "", operator = "", values = [] }] of requirements.entries()) {
      const at = `${path}.requirements[${i}]`;
      if (key === "") required(errors, `${at}.key`, "must be specified");
      if ((operator === "In" || operator === "NotIn") && values.length === 0) {
        required(errors, `${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      }
      if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
        errors.push({
          reason: "FieldValueForbidden",
          field: `${at}.values`,
          message: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        });
      }
    }
  }
  return errors;
}

function required(errors: StatusCause[], field: string, why: string): void {
  errors.push({ reason: "FieldValueRequired", field, message: `Required value: ${why}` });
}
