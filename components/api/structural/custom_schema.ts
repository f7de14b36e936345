import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { fitMetadata, MetadataMismatch } from "../decode/typed.ts";
import type { FieldError, ScalePaths } from "../resource_definition.ts";
import { applySchemaDefaults } from "./defaults.ts";
import { checkEmbedded, coerceEmbedded } from "./embedded.ts";
import { checkListTypes } from "./list_types.ts";
import { type JsonSchema, readNode, type SchemaNode } from "./node.ts";
import { dropNulls, prune } from "./prune.ts";
import { checkScaleSpec, checkScaleStatus } from "./scale_paths.ts";
import { ValueCheck } from "./value/value_check.ts";
import { NO_PATH, ValueErrors } from "./value_errors.ts";

/** What further rules say of an object; `previous` is what was stored. */
export type RuleCheck = (next: JsonObject, previous: JsonObject | undefined) => FieldError[];

const RULES_NOT_CHECKED =
  "some validation rules were not checked because the object was invalid; " +
  "correct the existing errors to complete validation";
/** What a rule could stumble over: after such errors none is asked. */
const BLOCKING = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

export interface CustomSchemaOptions {
  readonly scale?: ScalePaths;
  /** Keeps members that no schema names: definitions of old may. */
  readonly keepsUnknown?: boolean;
  /** Made when an object is first checked. */
  readonly rules?: (schema: JsonSchema, node: SchemaNode) => RuleCheck | undefined;
}

/** The schema of one version of a custom resource, made ready when it is first used. */
export class CustomSchema {
  readonly #options: CustomSchemaOptions;
  #node: SchemaNode | undefined;
  #check: ValueCheck | undefined;
  #rules: { readonly check: RuleCheck | undefined } | undefined;

  constructor(readonly schema: JsonSchema, options: CustomSchemaOptions = {}) {
    this.#options = options;
  }

  get node(): SchemaNode {
    return this.#node ??= readNode(this.schema);
  }

  /**
   * Brings an object into the shape that is stored, in place: what the schema does not name goes, as do nulls that may
   * not be. `unknown` collects the paths of what went. Throws `MetadataMismatch`.
   */
  coerce(object: JsonObject, unknown?: string[]): void {
    const { node } = this;
    const { metadata } = object;
    if (metadata !== undefined) {
      const { unknown: names, error } = fitMetadata(metadata);
      if (error !== undefined) throw new MetadataMismatch(error);
      if (metadata === null) object["metadata"] = {};
      for (const name of names) unknown?.push(`metadata.${name}`);
    }
    if (this.#options.keepsUnknown !== true) {
      const pruned: string[] = [];
      prune(object, node, true, unknown === undefined ? undefined : pruned);
      unknown?.push(...pruned);
      dropMemberNulls(object, node);
    }
    const embedded: string[] = [];
    coerceEmbedded(object, node, unknown === undefined ? undefined : embedded);
    unknown?.push(...embedded.sort());
  }

  applyDefaults(object: JsonObject): void {
    applySchemaDefaults(object, this.node);
  }

  /** What a new or changed object breaks. What it has broken before and not changed is let pass. */
  validate(next: JsonObject, previous: JsonObject | undefined): FieldError[] {
    const errors = new ValueErrors();
    const { scale } = this.#options;
    this.#checkValue(this.#values, next, previous, "", errors);
    if (scale !== undefined) {
      checkScaleSpec(next, scale, errors);
      checkScaleStatus(next, scale, errors);
    }
    checkEmbedded(next, withoutRoot(this.node), "", errors);
    this.#checkLists(next, previous, errors);
    this.#checkRules(next, previous, errors);
    return errors.list;
  }

  /** The same for a change through `status`. */
  validateStatus(next: JsonObject, previous: JsonObject): FieldError[] {
    const errors = new ValueErrors();
    const { scale } = this.#options;
    const check = this.#values.property("status");
    const { status } = next;
    if (status !== undefined && check !== undefined) {
      const node = this.node.properties.get("status");
      this.#checkValue(check, status, previous["status"], "status", errors, node);
    }
    if (scale !== undefined) checkScaleStatus(next, scale, errors);
    this.#checkLists(next, previous, errors);
    this.#checkRules(next, previous, errors);
    return errors.list;
  }

  get #values(): ValueCheck {
    return this.#check ??= new ValueCheck(this.schema);
  }

  #checkValue(
    check: ValueCheck,
    next: JsonValue,
    previous: JsonValue | undefined,
    base: string,
    errors: ValueErrors,
    node: SchemaNode | undefined = this.node,
  ): void {
    let found = check.run(next, "");
    if (found.valid) return;
    // Only what is wrong is compared with what was there.
    if (previous !== undefined && node !== undefined) {
      found = check.run(next, "", { old: previous, node });
    }
    for (const problem of found.problems) problem.tell(errors, base);
  }

  #checkLists(next: JsonObject, previous: JsonObject | undefined, errors: ValueErrors): void {
    const found = new ValueErrors();
    checkListTypes(next, this.node, found);
    if (found.list.length === 0) return;
    if (previous !== undefined) {
      const before = new ValueErrors();
      checkListTypes(previous, this.node, before);
      if (before.list.length > 0) return;
    }
    errors.list.push(...found.list);
  }

  #checkRules(next: JsonObject, previous: JsonObject | undefined, errors: ValueErrors): void {
    if (!this.node.below.rules) return;
    this.#rules ??= { check: this.#options.rules?.(this.schema, this.node) };
    const { check } = this.#rules;
    if (check === undefined) return;
    if (errors.list.some(({ reason }) => BLOCKING.has(reason))) {
      errors.invalid(NO_PATH, null, RULES_NOT_CHECKED);
    } else errors.list.push(...check(next, previous));
  }
}

/** The metadata of an object is not its schema's affair. */
function dropMemberNulls(object: JsonObject, node: SchemaNode): void {
  const { metadata } = object;
  dropNulls(object, node);
  if (metadata !== undefined) object["metadata"] = metadata;
}

/** The object itself is checked elsewhere, whatever its schema says. */
function withoutRoot(node: SchemaNode): SchemaNode {
  return node.embedded ? { ...node, embedded: false } : node;
}
