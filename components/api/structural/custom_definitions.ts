import type { JsonObject } from "../../base/mod.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import type {
  CustomResource,
  ResourceDefinition,
  ScalePaths,
  SubresourceDefinition,
  Verb,
} from "../resource_definition.ts";
import { schemaOfKind } from "../schema/mod.ts";
import { customResourceStrategy } from "../strategy/custom_resource.ts";
import { CustomSchema } from "./custom_schema.ts";
import { goNumber } from "./go_text.ts";
import { fieldSchemaOf } from "./field_schema.ts";
import { JsonPathReader } from "./json_path.ts";
import { ruleCheck, type RuleMeter } from "./rules/mod.ts";
import { printerColumns } from "./printer_columns.ts";

/** The versions of one custom resource. */
export interface CustomDefinitions {
  /** The version in which objects are stored, be it served or not. */
  readonly stored: ResourceDefinition;
  readonly served: readonly ResourceDefinition[];
  /** All by their names, also those that are only read from the store. */
  readonly versions: ReadonlyMap<string, ResourceDefinition>;
  readonly lifecycle: Lifecycle;
}

/** What changes of a definition while it is served. */
export interface Lifecycle {
  terminating: boolean;
}

const VERBS: readonly Verb[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
];
const SUBRESOURCE_VERBS: readonly Verb[] = ["get", "patch", "update"];
const SCALE = { group: "autoscaling", version: "v1", kind: "Scale" };
const KEEPS_EVERYTHING = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;

/**
 * What a CustomResourceDefinition with accepted names defines. Undefined for one without a stored version, which could
 * not have been written.
 */
export function customDefinitions(
  definition: CustomResourceDefinition,
  meter?: RuleMeter,
): CustomDefinitions | undefined {
  const all = definition.spec?.versions ?? [];
  const storage = all.find(({ storage }) => storage === true)?.name;
  if (storage === undefined) return undefined;
  const lifecycle: Lifecycle = {
    terminating:
      definition.status?.conditions?.some(({ type, status }) =>
        type === "Terminating" && status === "True"
      ) === true,
  };
  const versions = new Map<string, ResourceDefinition>();
  for (const version of all) {
    const made = versionDefinition(definition, version, storage, lifecycle, meter);
    versions.set(version.name ?? "", made);
  }
  const stored = versions.get(storage);
  if (stored === undefined) return undefined;
  const served = all.filter(({ served }) => served === true)
    .map(({ name = "" }) => versions.get(name))
    .filter((each) => each !== undefined);
  return { stored, served, versions, lifecycle };
}

function versionDefinition(
  { spec = {}, status = {} }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storage: string,
  lifecycle: Lifecycle,
  meter: RuleMeter | undefined,
): ResourceDefinition {
  const { group = "", scope } = spec;
  const names = status.acceptedNames ?? {};
  const { plural = "", kind = "", listKind = `${kind}List`, singular = "" } = names;
  const { name = "", subresources = {} } = version;
  const namespaced = scope === "Namespaced";
  const published = version.schema?.openAPIV3Schema;
  const scale = scalePaths(subresources.scale);
  const keepsUnknown = spec.preserveUnknownFields === true;
  const schema = new CustomSchema(published ?? KEEPS_EVERYTHING, {
    ...(scale === undefined ? {} : { scale }),
    ...(keepsUnknown ? { keepsUnknown } : {}),
    rules: (schema, node) => ruleCheck(schema, node, meter),
  });
  const { columns, cells } = printerColumns(version.additionalPrinterColumns);
  const fields = selectableFields(version, namespaced);
  const fieldSchema = once(() => fieldSchemaOf(published, `${group}/${name}.${kind}`));
  const custom: CustomResource = {
    coerce: (object, unknown) => schema.coerce(object, unknown),
    ...(scale === undefined ? {} : { scale }),
    ...(published === undefined ? {} : { openApiSchema: published as JsonObject }),
    warnings: deprecation(version, group, kind),
    get terminating() {
      return lifecycle.terminating;
    },
  };
  return {
    group,
    version: name,
    kind,
    listKind,
    plural,
    singular,
    namespaced,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: VERBS,
    subresources: subresourcesOf({ group, version: name, kind }, subresources),
    storage: { group, version: storage, kind, prefix: `/registry/${group}/${plural}/` },
    get schema() {
      return fieldSchema();
    },
    columns,
    cells,
    strategy: customResourceStrategy({
      namespaced,
      hasStatus: subresources.status !== undefined,
      validate: (next, previous) =>
        schema.validate(next as JsonObject, previous as JsonObject | undefined),
      validateStatus: (next, previous) =>
        schema.validateStatus(next as JsonObject, previous as JsonObject),
    }),
    applyDefaults: (object) => schema.applyDefaults(object as JsonObject),
    selectableFields: fields.read,
    fieldLabels: fields.labels,
    custom,
  };
}

function subresourcesOf(
  body: { readonly group: string; readonly version: string; readonly kind: string },
  { status, scale }: NonNullable<CustomResourceDefinitionVersion["subresources"]>,
): ReadonlyMap<string, SubresourceDefinition> {
  const found = new Map<string, SubresourceDefinition>();
  if (status !== undefined) found.set("status", { name: "status", verbs: SUBRESOURCE_VERBS, body });
  if (scale !== undefined) {
    const schema = schemaOfKind(SCALE);
    found.set("scale", {
      name: "scale",
      verbs: SUBRESOURCE_VERBS,
      body: SCALE,
      ...(schema === undefined ? {} : { schema }),
    });
  }
  return found;
}

function scalePaths(
  scale: NonNullable<CustomResourceDefinitionVersion["subresources"]>["scale"],
): ScalePaths | undefined {
  if (scale === undefined) return undefined;
  const { specReplicasPath = "", statusReplicasPath = "", labelSelectorPath } = scale;
  return {
    specReplicas: specReplicasPath,
    statusReplicas: statusReplicasPath,
    labelSelector: labelSelectorPath,
  };
}

function deprecation(
  { deprecated, deprecationWarning, name }: CustomResourceDefinitionVersion,
  group: string,
  kind: string,
): readonly string[] {
  if (deprecated !== true) return [];
  return [deprecationWarning ?? `${group}/${name} ${kind} is deprecated`];
}

function selectableFields(version: CustomResourceDefinitionVersion, namespaced: boolean) {
  const fields = (version.selectableFields ?? []).map(({ jsonPath = "" }) => ({
    label: jsonPath.replace(/^\./, ""),
    path: JsonPathReader.of(jsonPath),
  }));
  return {
    labels: [
      "metadata.name",
      ...(namespaced ? ["metadata.namespace"] : []),
      ...fields.map(({ label }) => label),
    ],
    read(object: KubeObject): Record<string, string> {
      const values: Record<string, string> = { "metadata.name": object.metadata?.name ?? "" };
      if (namespaced) values["metadata.namespace"] = object.metadata?.namespace ?? "";
      for (const { label, path } of fields) {
        const value = path?.first(object as JsonObject);
        values[label] = value === undefined || value === null
          ? ""
          : typeof value === "number"
          ? goNumber(value)
          : String(value);
      }
      return values;
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
