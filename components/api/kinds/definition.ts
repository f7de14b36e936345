import { invariant } from "../../base/mod.ts";
import { defaulterOf } from "../defaults/mod.ts";
import type { ResourceDefinition, SubresourceDefinition } from "../resource_definition.ts";
import { schemaOfKind } from "../schema/lookup.ts";
import { strategyFor } from "../strategy/mod.ts";
import { cellsFor } from "../tables/mod.ts";
import { deprecationOf } from "./deprecation.ts";
import { answersDeletedObject } from "./deleted_object.ts";
import type { ResourceRow } from "./resource_table.ts";
import { fieldLabelsOf, fieldReaderOf } from "./selectable_fields.ts";

/** The definition of a built-in kind. What is costly (schema, defaults, rules) is made when it is first asked for. */
export function definitionOf(row: ResourceRow): ResourceDefinition {
  const { storage, subresources, ...rest } = row;
  const schema = once(() => {
    const found = schemaOfKind(row);
    invariant(found !== undefined, `no schema for ${row.kind}`);
    return found;
  });
  const applyDefaults = once(() => defaulterOf(row));
  const readFields = once(() => fieldReaderOf(row, row.namespaced));
  const strategy = once(() => ({
    ...strategyFor(row),
    returnDeletedObject: answersDeletedObject(row),
  }));
  const cells = once(() => cellsFor(row));
  const deprecation = deprecationOf(row);
  return {
    ...rest,
    listKind: `${row.kind}List`,
    ...(storage === undefined ? {} : { storage }),
    ...(deprecation === undefined ? {} : { deprecation }),
    subresources: new Map(subresources.map((sub) => [sub.name, subresourceOf(sub, row)])),
    get schema() {
      return schema();
    },
    get strategy() {
      return strategy();
    },
    cells: (object, now) => cells()(object, now),
    applyDefaults: (object) => applyDefaults()(object),
    selectableFields: (object) => readFields()(object),
    fieldLabels: fieldLabelsOf(row, row.namespaced),
  };
}

function subresourceOf(
  row: ResourceRow["subresources"][number],
  parent: ResourceRow,
): SubresourceDefinition {
  const { group, version, kind } = row.body;
  if (group === parent.group && version === parent.version && kind === parent.kind) return row;
  const schema = once(() => schemaOfKind(row.body));
  return {
    ...row,
    get schema() {
      const found = schema();
      invariant(found !== undefined, `no schema for ${kind}`);
      return found;
    },
  };
}

/** Makes a value at the first call. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
