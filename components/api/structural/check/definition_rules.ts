import { equalJson } from "../../../base/mod.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec as Spec,
} from "../../generated/types.ts";
import { dns1035LabelProblems, dnsSubdomainProblems } from "../../names.ts";
import type { FieldError } from "../../resource_definition.ts";
import { IMMUTABLE } from "../../validation/metadata.ts";
import { approvalProblems } from "../approval.ts";
import { ValueErrors } from "../value_errors.ts";
import { checkConversion } from "./conversion_rules.ts";
import { checkNames } from "./name_rules.ts";
import { optionsOf, type VersionOptions } from "./options.ts";
import { checkVersionParts } from "./version_rules.ts";
import { goVersion } from "./go_values.ts";
import { sharedParts } from "./shared_parts.ts";

/** What a new CustomResourceDefinition breaks. Its metadata is for others to check, but for its name. */
export function definitionProblems(definition: CustomResourceDefinition): FieldError[] {
  const errors = new ValueErrors();
  const { spec = {}, status = {}, metadata } = definition;
  const { names = {}, group = "" } = spec;
  const name = metadata?.name ?? "";
  if (name !== `${names.plural ?? ""}.${group}`) {
    errors.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group');
  }
  checkSpec(spec, optionsOf(definition, undefined), errors);
  checkNames(status.acceptedNames ?? {}, "status.acceptedNames", errors);
  checkStoredVersions(definition, errors);
  errors.list.push(...approvalProblems(definition, undefined));
  checkPreserve(spec, undefined, errors);
  return errors.list;
}

/** The same for a changed one. What the old one was allowed, the new one is too. */
export function definitionUpdateProblems(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition,
): FieldError[] {
  const errors = new ValueErrors();
  const { spec = {} } = next;
  const old = previous.spec ?? {};
  const options = optionsOf(next, previous);
  checkSpec(spec, options, errors);
  const immutable = (field: string, now: unknown, before: unknown) => {
    if (!equalJson(now, before)) errors.invalid(`spec.${field}`, now ?? "", IMMUTABLE);
  };
  if (options.established) {
    immutable("scope", spec.scope, old.scope);
    immutable("names.kind", spec.names?.kind, old.names?.kind);
  }
  immutable("group", spec.group, old.group);
  immutable("names.plural", spec.names?.plural, old.names?.plural);
  checkNames(next.status?.acceptedNames ?? {}, "status.acceptedNames", errors);
  checkStoredVersions(next, errors);
  errors.list.push(...approvalProblems(next, previous));
  checkPreserve(spec, old, errors);
  return errors.list;
}

/** A change through `status`. */
export function definitionStatusProblems({ status }: CustomResourceDefinition): FieldError[] {
  const errors = new ValueErrors();
  checkNames(status?.acceptedNames ?? {}, "status.acceptedNames", errors);
  return errors.list;
}

function checkSpec(spec: Spec, options: VersionOptions, errors: ValueErrors): void {
  const { group = "", scope = "", versions = [], names = {} } = spec;
  const problems = dnsSubdomainProblems(group);
  if (group === "") errors.required("spec.group");
  else if (problems.length > 0) errors.invalid("spec.group", group, problems.join(","));
  else if (!group.includes(".")) {
    errors.invalid("spec.group", group, "should be a domain with at least one dot");
  }
  if (scope === "") errors.required("spec.scope");
  else if (scope !== "Cluster" && scope !== "Namespaced") {
    errors.notSupported("spec.scope", scope, ["Cluster", "Namespaced"]);
  }
  const shared = sharedParts(versions);
  const hasSchemas = shared.schema?.openAPIV3Schema !== undefined;
  if (!hasSchemas) {
    for (const [i, version] of versions.entries()) {
      if (version.schema?.openAPIV3Schema !== undefined) continue;
      const at = `spec.versions[${i}].schema.openAPIV3Schema`;
      if (options.requireSchema) errors.required(at);
      else if (spec.preserveUnknownFields !== true && version.served === true) {
        errors.required(at, "because otherwise all fields are pruned");
      }
    }
  }
  for (const [i, version] of versions.entries()) {
    const at = `spec.versions[${i}]`;
    const labels = dns1035LabelProblems(version.name ?? "");
    if (labels.length > 0) errors.invalid(`${at}.name`, version.name ?? "", labels.join(","));
    checkVersionParts(version, shared, spec, at, options, errors);
  }
  const stored = versions.filter(({ storage }) => storage === true).length;
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.invalid(
      "spec.versions",
      versions.map((each) => goVersion(each, shared)),
      "must contain unique version names",
    );
  }
  if (stored !== 1) {
    errors.invalid(
      "spec.versions",
      spec.versions === undefined ? null : versions.map((each) => goVersion(each, shared)),
      "must have exactly one version marked as storage version",
    );
  }
  const first = versions[0]?.name ?? "";
  const problem = dns1035LabelProblems(first).join(",");
  if (first !== "" && problem !== "") errors.invalid("spec.version", first, problem);
  for (const member of ["plural", "singular", "kind", "listKind"] as const) {
    if ((names[member] ?? "") === "") errors.required(`spec.names.${member}`);
  }
  checkNames(names, "spec.names", errors);
  checkVersionParts(shared, undefined, spec, "spec", options, errors);
  const { strategy = "" } = spec.conversion ?? {};
  if (strategy !== "" && strategy !== "None" && spec.preserveUnknownFields === true) {
    const text = "must be None if spec.preserveUnknownFields is true";
    errors.invalid("spec.conversion.strategy", strategy, text);
  }
  checkConversion(spec.conversion, options, errors);
}

function checkStoredVersions(
  { spec = {}, status = {} }: CustomResourceDefinition,
  errors: ValueErrors,
): void {
  const at = "status.storedVersions";
  const stored = status.storedVersions ?? [];
  if (stored.length === 0) {
    errors.invalid(at, null, "must have at least one stored version");
    return;
  }
  const known = new Set<string>();
  for (const { name = "", storage } of spec.versions ?? []) {
    known.add(name);
    if (storage === true && !stored.includes(name)) {
      errors.invalid(at, stored, `must have the storage version ${name}`);
    }
  }
  for (const [i, name] of stored.entries()) {
    if (known.has(name)) continue;
    errors.invalid(
      `${at}[${i}]`,
      name,
      `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
    );
  }
}

function checkPreserve(spec: Spec, old: Spec | undefined, errors: ValueErrors): void {
  if (old?.preserveUnknownFields === true || spec.preserveUnknownFields !== true) return;
  errors.invalid(
    "spec.preserveUnknownFields",
    true,
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
  );
}
