import { ageOf } from "../human_duration.ts";
import type { Container, PodTemplateSpec } from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import type { TableCell } from "../resource_definition.ts";

/** Makes the cells of one object, in the order of its kind's columns; `now` in milliseconds. */
export type Cells = (object: KubeObject, now: number) => TableCell[];

/** The cells of some kinds, by `group/Kind`. */
export type CellTable = Readonly<Record<string, Cells>>;

/** Cells written for the type of one kind. */
export function cells<T extends KubeObject>(
  make: (object: T, now: number) => TableCell[],
): Cells {
  return make as unknown as Cells;
}

export const NONE = "<none>";
export const UNSET = "<unset>";
export const UNKNOWN = "<unknown>";

export function nameOf(object: KubeObject): string {
  return object.metadata?.name ?? "";
}

export function objectAge(object: KubeObject, now: number): string {
  return ageOf(object.metadata?.creationTimestamp, now);
}

/** For kinds whose only other column is when they were made. */
export const nameAndCreation: Cells = (object) => [
  nameOf(object),
  object.metadata?.creationTimestamp ?? null,
];

export const nameAndAge: Cells = (object, now) => [nameOf(object), objectAge(object, now)];

export function orNone(text: string | undefined): string {
  return text === undefined || text === "" ? NONE : text;
}

/** `a=b,c=d` in the order of the keys. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return orNone(keys.map((key) => `${key}=${labels?.[key]}`).join(","));
}

/** The names and the images of containers, as two cells. */
export function containerCells(containers: readonly Container[] | undefined): [string, string] {
  const all = containers ?? [];
  return [all.map(({ name }) => name).join(","), all.map(({ image }) => image ?? "").join(",")];
}

export function templateCells(template: PodTemplateSpec | undefined): [string, string] {
  return containerCells(template?.spec?.containers);
}

/** The first `max` of a list and how many more there are. */
export function shortList(
  items: readonly string[],
  max: number,
  separator: string,
  empty: string,
): string {
  if (items.length === 0) return empty;
  const shown = items.slice(0, max).join(separator);
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}
