import { equalJson } from "../../../base/mod.ts";
import type { CustomResourceDefinition, ValidationRule } from "../../generated/types.ts";
import type { JsonSchema } from "../node.ts";
import { ValueErrors } from "../value_errors.ts";
import { hasReadableBundle } from "./authority_bundle.ts";
import { hasUnprunedDefault } from "./default_rules.ts";
import { checkKeyed, hasLooseSet } from "./list_rules.ts";
import type { SchemaRuleOptions } from "./schema_rules.ts";
import { structuralProblems } from "./structural_rules.ts";
import { hasSchema, unsupportedText } from "./unsupported.ts";

/** What is asked of a definition: less of one whose state of before was allowed to be otherwise. */
export interface VersionOptions extends SchemaRuleOptions {
  readonly established: boolean;
  readonly requireSchema: boolean;
  readonly requireStructural: boolean;
  readonly requirePruned: boolean;
  readonly requireReviewVersion: boolean;
  /** A new definition may have a bundle that cannot be read: then it is not served. One that had a good one keeps one. */
  readonly requireReadableBundle: boolean;
  /** Versions whose schema is as it was. */
  readonly unchangedSchemas: ReadonlySet<string>;
  readonly tooManyFieldsAllowed: ReadonlySet<string>;
  /** Expressions that were there before. */
  readonly knownRules: ReadonlySet<string>;
}

const TYPES = new Set(["array", "boolean", "integer", "number", "object", "string"]);
const MAX_FIELDS = 8;
const REVIEW_VERSIONS = ["v1", "v1beta1"];
const NOTHING: ReadonlySet<string> = new Set();

export function optionsOf(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
): VersionOptions {
  if (previous === undefined) {
    return {
      established: false,
      requireSchema: true,
      requireStructural: true,
      requirePruned: true,
      requireReviewVersion: true,
      requireReadableBundle: false,
      requireValidType: true,
      requireAtomicSet: true,
      requireKeyed: true,
      unchangedSchemas: NOTHING,
      tooManyFieldsAllowed: NOTHING,
      knownRules: NOTHING,
    };
  }
  const before = schemasOf(previous);
  const none = (is: (schema: JsonSchema) => boolean) =>
    !before.some((schema) => hasSchema(schema, is));
  const reviews = previous.spec?.conversion?.webhook?.conversionReviewVersions ?? [];
  const structural = before.every((schema) =>
    unsupportedText(schema) === undefined && structuralProblems("", schema).length === 0
  );
  return {
    established:
      previous.status?.conditions?.some(({ type, status }) =>
        type === "Established" && status === "True"
      ) === true,
    requireSchema: before.length === (previous.spec?.versions ?? []).length,
    requireStructural: next.spec?.preserveUnknownFields !== true || structural,
    requirePruned: none(hasUnprunedDefault),
    requireReviewVersion: reviews.length === 0 ||
      reviews.some((version) => REVIEW_VERSIONS.includes(version)),
    requireReadableBundle: hasReadableBundle(previous),
    requireValidType: none(({ type = "" }) => type !== "" && !TYPES.has(type)),
    requireAtomicSet: none(hasLooseSet),
    requireKeyed: none((schema) => {
      const errors = new ValueErrors();
      checkKeyed(schema, "", errors);
      return errors.list.length > 0;
    }),
    ...changesOf(next, previous),
    knownRules: new Set(before.flatMap(rulesOf).map(({ rule = "" }) => rule)),
  };
}

function changesOf(next: CustomResourceDefinition, previous: CustomResourceDefinition) {
  const unchanged = new Set<string>();
  const fields = new Set<string>();
  for (const version of next.spec?.versions ?? []) {
    const { name = "" } = version;
    const old = previous.spec?.versions?.find((each) => each.name === name);
    if (old === undefined) continue;
    if (equalJson(old.schema, version.schema)) unchanged.add(name);
    const many = (old.selectableFields ?? []).length > MAX_FIELDS;
    if (many && equalJson(old.selectableFields, version.selectableFields)) fields.add(name);
  }
  return { unchangedSchemas: unchanged, tooManyFieldsAllowed: fields };
}

function schemasOf({ spec }: CustomResourceDefinition): JsonSchema[] {
  return (spec?.versions ?? []).map(({ schema }) => schema?.openAPIV3Schema)
    .filter((schema) => schema !== undefined);
}

function rulesOf(schema: JsonSchema): ValidationRule[] {
  const found: ValidationRule[] = [];
  hasSchema(schema, (each) => {
    found.push(...each["x-kubernetes-validations"] ?? []);
    return false;
  });
  return found;
}
