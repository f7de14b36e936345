import { equalJson } from "../../base/mod.ts";
import { dnsSubdomainProblems, qualifiedNameProblems } from "../names.ts";
import type { FieldError, Strategy } from "../resource_definition.ts";
import { Errors } from "../validation/errors.ts";
import { validateMetadata, validateMetadataUpdate } from "../validation/metadata.ts";
import { type Body, restore } from "./rules.ts";
import type { KubeObject } from "../object.ts";

/** What the strategy of a custom resource must know of its definition. */
export interface CustomResourceFacts {
  readonly namespaced: boolean;
  /** True where the version has a `status` subresource. */
  readonly hasStatus: boolean;
  /** What its schema says of an object, and of a change of one. */
  validate(next: KubeObject, previous: KubeObject | undefined): FieldError[];
  /** The same of a change through `status`. */
  validateStatus(next: KubeObject, previous: KubeObject): FieldError[];
}

/** The rules of writing custom resources: any change but of metadata (and of status, at its own door) counts. */
export function customResourceStrategy(facts: CustomResourceFacts): Strategy {
  const { namespaced, hasStatus } = facts;
  return {
    prepareForCreate(next: Body) {
      if (hasStatus) delete next["status"];
      (next.metadata ??= {}).generation = 1;
    },
    prepareForUpdate(next: Body, previous: Body) {
      if (hasStatus) restore(next, previous, "status");
      const metadata = next.metadata ??= {};
      const current = previous.metadata?.generation ?? 0;
      metadata.generation = equalJson(content(next, hasStatus), content(previous, hasStatus))
        ? current
        : current + 1;
    },
    prepareForStatusUpdate(next: Body, previous: Body) {
      const { status, metadata } = next;
      for (const member of Object.keys(next)) delete next[member];
      Object.assign(next, previous);
      // Who writes the status may change nothing else but who manages it.
      next.metadata = { ...previous.metadata };
      if (metadata?.managedFields !== undefined) {
        next.metadata.managedFields = metadata.managedFields;
      }
      if (metadata?.resourceVersion !== undefined) {
        next.metadata.resourceVersion = metadata.resourceVersion;
      }
      if (status === undefined) delete next["status"];
      else next["status"] = status;
    },
    validateCreate(next) {
      const errors = new Errors();
      validateMetadata(next, namespaced, dnsSubdomainProblems, errors, false);
      return [...errors.list, ...facts.validate(next, undefined)];
    },
    validateUpdate: (next, previous) => [
      ...metadataErrors(next, previous),
      ...facts.validate(next, previous),
    ],
    validateStatusUpdate: (next, previous) => [
      ...metadataErrors(next, previous),
      ...facts.validateStatus(next, previous),
    ],
    warnings: finalizerWarnings,
    allowUnconditionalUpdate: false,
    allowCreateOnUpdate: false,
    defaultPropagation: "Background",
    returnDeletedObject: false,
    defaultGraceSeconds: () => undefined,
    resetFields: hasStatus ? WITH_STATUS : WITHOUT_STATUS,
  };
}

const WITH_STATUS: Strategy["resetFields"] = { main: ["status"], status: ["metadata", "spec"] };
const WITHOUT_STATUS: Strategy["resetFields"] = { main: [], status: [] };

function metadataErrors(next: KubeObject, previous: KubeObject): FieldError[] {
  const errors = new Errors();
  validateMetadataUpdate(next, previous, errors, false);
  return errors.list;
}

const STANDARD_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);
const PREFER = "prefer a domain-qualified finalizer name";

/** Finalizers that are new and could be somebody else's as well. */
function finalizerWarnings(next: KubeObject, previous: KubeObject | undefined): string[] {
  const finalizers = next.metadata?.finalizers;
  if (finalizers === undefined) return [];
  const known = new Set(previous?.metadata?.finalizers);
  return [...new Set(finalizers)].filter((name) => !known.has(name)).sort().flatMap((name) => {
    const at = `metadata.finalizers: ${JSON.stringify(name)}: `;
    const warnings = qualifiedNameProblems(name).map((problem) => at + problem);
    if (name.includes("/") || STANDARD_FINALIZERS.has(name)) return warnings;
    const path = name.includes(".") ? " including a path (/)" : "";
    const why = "to avoid accidental conflicts with other finalizer writers";
    return [...warnings, `${at}${PREFER}${path} ${why}`];
  });
}

function content(object: Body, hasStatus: boolean): unknown {
  const { metadata: _, status, ...rest } = object;
  return hasStatus ? rest : { ...rest, status };
}
