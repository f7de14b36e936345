import { invariant } from "../../base/mod.ts";
import { RESOURCE_TABLE } from "../generated/resource_table.ts";
import type {
  GroupVersionKind,
  StorageDefinition,
  TableColumn,
  Verb,
} from "../resource_definition.ts";

/** One line of the table of served resources, read. */
export interface ResourceRow extends GroupVersionKind {
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly storage: StorageDefinition | undefined;
  readonly subresources: readonly SubresourceRow[];
  readonly columns: readonly TableColumn[];
}

export interface SubresourceRow {
  readonly name: string;
  readonly verbs: readonly Verb[];
  readonly body: GroupVersionKind;
}

const ALL_VERBS: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

/** Reads the table of `generated/resource_table.ts`; its fields are named in the facts it is made from. */
export function readResourceTable(): ResourceRow[] {
  return RESOURCE_TABLE.trim().split("\n").map(readRow);
}

function readRow(line: string): ResourceRow {
  const [head, plural, singular, scope, verbs, shortNames, categories, storage, subs, columns] =
    line.split(" | ");
  invariant(columns !== undefined, `short line in the resource table: ${line}`);
  const [groupVersion = "", kind = ""] = head?.split(" ") ?? [];
  const parent = { ...splitGroupVersion(groupVersion), kind };
  return {
    ...parent,
    plural: plural ?? "",
    singular: singular ?? "",
    namespaced: scope === "Namespaced",
    verbs: readVerbs(verbs ?? ""),
    shortNames: items(shortNames, ","),
    categories: items(categories, ","),
    storage: storage === "-" ? undefined : readStorage(storage ?? ""),
    subresources: items(subs, "; ").map((text) => readSubresource(text, parent)),
    columns: items(columns, "; ").map(readColumn),
  };
}

function items(text: string | undefined, separator: string): string[] {
  return text === undefined || text === "-" ? [] : text.split(separator);
}

function readVerbs(text: string): readonly Verb[] {
  if (text === "*") return ALL_VERBS;
  if (text === "*-deletecollection") return ALL_VERBS.filter((verb) => verb !== "deletecollection");
  return (text === "gpu" ? ["get", "patch", "update"] : text.split(",")) as Verb[];
}

/** `apps/v1/Deployment /registry/deployments/`; the core group is empty: `/v1/Pod`. */
function readStorage(text: string): StorageDefinition {
  const [path = "", prefix = ""] = text.split(" ");
  const [group = "", version = "", kind = ""] = path.split("/");
  return { group, version, kind, prefix };
}

/** `scale gpu autoscaling/v1.Scale`: a body without a group is of the parent's. */
function readSubresource(text: string, parent: GroupVersionKind): SubresourceRow {
  const [name = "", verbs = "", body = ""] = text.split(" ");
  const dot = body.lastIndexOf(".");
  return {
    name,
    verbs: readVerbs(verbs),
    body: dot < 0
      ? { group: parent.group, version: parent.version, kind: body }
      : { ...splitGroupVersion(body.slice(0, dot)), kind: body.slice(dot + 1) },
  };
}

/** `Node Selector:string:1`. */
function readColumn(text: string): TableColumn {
  const [name = "", type = "", priority] = text.split(":");
  return {
    name,
    type: type as TableColumn["type"],
    // Clients bold the name by its format.
    ...(name === "Name" ? { format: "name" } : {}),
    priority: priority === "1" ? 1 : 0,
  };
}

/** `apps/v1` to its parts; `v1` is of the core group. */
export function splitGroupVersion(text: string): { group: string; version: string } {
  const slash = text.lastIndexOf("/");
  return slash < 0
    ? { group: "", version: text }
    : { group: text.slice(0, slash), version: text.slice(slash + 1) };
}
