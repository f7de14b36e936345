import { equalJson, type JsonObject } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import type { FieldError, Strategy } from "../resource_definition.ts";
import type { StructSchema } from "../schema.ts";
import {
  Errors,
  type NameRule,
  validateBySchema,
  validateMetadata,
  validateMetadataUpdate,
} from "../validation/mod.ts";

/** An object as far as strategies know it without its kind. */
export type Body = KubeObject & { [member: string]: unknown };

/** How one kind differs from what most kinds do. `T` is the kind's type. */
export interface KindRules<T extends KubeObject = KubeObject> {
  /** Members a change of which is a new generation; `one` stays at 1; absent: no generation. */
  readonly generation?: readonly string[] | "one";
  /** The rule of names, that of DNS subdomains as a rule. */
  readonly names?: NameRule;
  /** The status of a new object, where it is not just empty; `kept` where a client may set it. */
  readonly status?: "kept" | ((next: T) => object);
  prepareCreate?(next: T): void;
  prepareUpdate?(next: T, previous: T): void;
  prepareStatus?(next: T, previous: T): void;
  create?(next: T, errors: Errors): void;
  /** The whole of the rules for a changed object; those of `create` where absent. */
  update?(next: T, previous: T, errors: Errors): void;
  statusUpdate?(next: T, previous: T, errors: Errors): void;
  /** What a DELETE puts on an object; answers a new one. */
  prepareDelete?(object: T, now: number): T;
  /** Finalizers of any name, also those without a path. */
  readonly anyFinalizer?: boolean;
  /** Its own rules look at all that the schema knows. */
  readonly ownsSchema?: boolean;
  warnings?(next: T, previous: T | undefined): string[];
  /** A PUT must name a resourceVersion. */
  readonly conditional?: boolean;
  readonly createOnUpdate?: boolean;
  /** Dependents stay by default when the object goes. */
  readonly orphans?: boolean;
  readonly returnsDeleted?: boolean;
  grace?(object: T): number | undefined;
}

/** Rules of many kinds, by `group/Kind`. */
export type RuleTable = Readonly<Record<string, KindRules>>;

/** Rules written for the type of one kind. */
export function rules<T extends KubeObject>(own: KindRules<T>): KindRules {
  return own as unknown as KindRules;
}

/** What a strategy must know of its kind beside the rules. */
export interface KindFacts {
  readonly namespaced: boolean;
  readonly hasStatus: boolean;
  readonly names: NameRule;
  readonly schema: () => StructSchema | undefined;
}

/** Joins a kind's own rules and those of all kinds. */
export function strategyOf(own: KindRules, facts: KindFacts): Strategy {
  const { hasStatus } = facts;
  const names = own.names ?? facts.names;
  const standard = own.anyFinalizer !== true;
  const knowsRules = own.create !== undefined;
  const schema = () => own.ownsSchema === true ? undefined : facts.schema();
  return {
    prepareForCreate(next: Body) {
      const metadata = next.metadata ??= {};
      delete metadata.generation;
      if (own.generation !== undefined) metadata.generation = 1;
      if (hasStatus && own.status !== "kept") next["status"] = own.status?.(next) ?? {};
      own.prepareCreate?.(next);
    },
    prepareForUpdate(next: Body, previous: Body) {
      if (hasStatus) restore(next, previous, "status");
      own.prepareUpdate?.(next, previous);
      keepGeneration(next, previous, own.generation);
    },
    prepareForStatusUpdate(next: Body, previous: Body) {
      for (const member of new Set([...Object.keys(next), ...Object.keys(previous)])) {
        if (STATUS_MEMBERS.has(member)) continue;
        restore(next, previous, member);
      }
      keepGeneration(next, previous, undefined);
      own.prepareStatus?.(next, previous);
    },
    validateCreate(next) {
      const errors = new Errors();
      validateMetadata(next, facts.namespaced, names, errors, standard);
      own.create?.(next, errors);
      return withSchema(next, schema(), !knowsRules, errors);
    },
    validateUpdate(next, previous) {
      const errors = new Errors();
      validateMetadataUpdate(next, previous, errors, standard);
      if (own.update !== undefined) own.update(next, previous, errors);
      else own.create?.(next, errors);
      return withSchema(next, schema(), !knowsRules, errors);
    },
    validateStatusUpdate(next, previous) {
      const errors = new Errors();
      validateMetadataUpdate(next, previous, errors, standard);
      own.statusUpdate?.(next, previous, errors);
      return errors.list;
    },
    ...(own.prepareDelete === undefined ? {} : { prepareForDelete: own.prepareDelete }),
    warnings: (next, previous) => own.warnings?.(next, previous) ?? [],
    allowUnconditionalUpdate: own.conditional !== true,
    allowCreateOnUpdate: own.createOnUpdate === true,
    defaultPropagation: own.orphans === true ? "Orphan" : "Background",
    returnDeletedObject: own.returnsDeleted === true,
    defaultGraceSeconds: (object) => own.grace?.(object),
    resetFields: hasStatus ? WITH_STATUS : WITHOUT_STATUS,
  };
}

const STATUS_MEMBERS = new Set(["apiVersion", "kind", "metadata", "status"]);
const WITH_STATUS: Strategy["resetFields"] = { main: ["status"], status: ["spec"] };
const WITHOUT_STATUS: Strategy["resetFields"] = { main: [], status: [] };

export function restore(next: Body, previous: Body, member: string): void {
  if (previous[member] === undefined) delete next[member];
  else next[member] = previous[member];
}

/** Clients do not set generations: a change of what counts adds one. */
function keepGeneration(
  next: Body,
  previous: Body,
  counted: KindRules["generation"],
): void {
  const metadata = next.metadata ??= {};
  const current = previous.metadata?.generation;
  if (current === undefined) delete metadata.generation;
  else metadata.generation = current;
  if (counted === undefined || counted === "one") return;
  const changed = counted.some((member) =>
    member === "annotations"
      ? !equalJson(metadata.annotations ?? {}, previous.metadata?.annotations ?? {})
      : !equalJson(next[member], previous[member])
  );
  if (changed) metadata.generation = (current ?? 0) + 1;
}

/** Adds what the schema forbids, where the kind's own rules have not spoken of the field. */
function withSchema(
  next: KubeObject,
  schema: StructSchema | undefined,
  required: boolean,
  errors: Errors,
): FieldError[] {
  if (schema === undefined) return errors.list;
  const found = validateBySchema(next as JsonObject, schema, required).list;
  if (found.length === 0) return errors.list;
  const spoken = new Set(errors.list.map(({ field }) => field));
  // A list whose items are wrong may have been spoken of as a whole.
  return [
    ...errors.list,
    ...found.filter(({ field }) =>
      !spoken.has(field) && !spoken.has(field.replace(/\[\d+\]$/, ""))
    ),
  ];
}
