import type { JsonValue } from "../../base/mod.ts";
import type { CustomResourceColumnDefinition } from "../generated/types.ts";
import { ageOf } from "../human_duration.ts";
import type { KubeObject } from "../object.ts";
import type { TableCell, TableColumn } from "../resource_definition.ts";
import { goJson, goNumber } from "./go_text.ts";
import { JsonPathReader } from "./json_path.ts";

const NAME_COLUMN: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  priority: 0,
  description:
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
};

const AGE_COLUMN: CustomResourceColumnDefinition = {
  name: "Age",
  type: "date",
  description:
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  jsonPath: ".metadata.creationTimestamp",
};

/** The columns of a custom resource's table, and how its cells are read. */
export interface PrinterColumns {
  readonly columns: readonly TableColumn[];
  cells(object: KubeObject, now: number): TableCell[];
}

/** The columns that a version asks for; its age where it asks for none. */
export function printerColumns(
  asked: readonly CustomResourceColumnDefinition[] | undefined,
): PrinterColumns {
  const list = asked === undefined || asked.length === 0 ? [AGE_COLUMN] : asked;
  const readers: { readonly path: JsonPathReader; readonly type: string }[] = [];
  const columns: TableColumn[] = [NAME_COLUMN];
  for (const column of list) {
    const { name = "", type = "string", format, description = "", jsonPath = "" } = column;
    const path = JsonPathReader.of(jsonPath);
    // What follows a path that is none is not shown either.
    if (path === undefined) break;
    readers.push({ path, type });
    columns.push({
      name,
      type: type as TableColumn["type"],
      ...(format === undefined ? {} : { format }),
      priority: (column.priority ?? 0) as TableColumn["priority"],
      description: description === ""
        ? `Custom resource definition column (in JSONPath format): ${jsonPath}`
        : description,
    });
  }
  return {
    columns,
    cells: (object, now) => [
      object.metadata?.name ?? "",
      ...readers.map(({ path, type }) => {
        const value = path.first(object as unknown as JsonValue);
        return value === undefined ? null : cellOf(value, type, now);
      }),
    ],
  };
}

function cellOf(value: JsonValue, type: string, now: number): TableCell {
  if (type === "string") return textOf(value);
  if (value === null) return null;
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      if (typeof value !== "string") return null;
      return value === "" ? "<unknown>" : isTime(value) ? ageOf(value, now) : "<invalid>";
    default:
      return null;
  }
}

const isTime = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) &&
  !Number.isNaN(Date.parse(text));

function textOf(value: JsonValue): string {
  if (value === null) return "<no value>";
  if (typeof value === "string") return value;
  return typeof value === "number" ? goNumber(value) : goJson(value);
}
