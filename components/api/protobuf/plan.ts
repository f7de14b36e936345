import { invariant } from "../../base/mod.ts";
import { hasStruct, structRow, type TypeRow } from "../schema/table.ts";

/** A message of the API: what stands under each field number. */
export interface MessagePlan {
  readonly members: ReadonlyMap<number, Member>;
  /** The same by rising number, in which they are written; a list is walked much faster than a map. */
  readonly ordered: readonly { readonly number: number; readonly member: Member }[];
}

/** A member of the object, or a struct that Go embeds: its fields are members of the same object. */
export type Member =
  | { readonly is: "embedded"; readonly plan: MessagePlan }
  | {
    readonly is: "field";
    readonly name: string;
    /** A zero is kept; elsewhere Go writes it and JSON leaves it out. */
    readonly zero: boolean;
    readonly type: TypeRow;
  };

const plans = new Map<string, MessagePlan>();

/** The plan of a struct of the schema table, made at the first call. */
export function planOf(struct: string): MessagePlan {
  const known = plans.get(struct);
  if (known !== undefined) return known;
  const row = structRow(struct);
  invariant(row !== undefined, `no message ${struct}`);
  const members = new Map<number, Placed>();
  for (const { name, numbers, zero, type } of row.fields) {
    place(members, numbers, { is: "field", name, zero, type });
  }
  const plan = finished(members);
  plans.set(struct, plan);
  return plan;
}

/** True where the table knows the struct. */
export function hasPlan(struct: string): boolean {
  return hasStruct(struct);
}

/** A member, or those of an embedded struct that more are still placed in. */
type Placed = Member | Map<number, Placed>;

function place(into: Map<number, Placed>, numbers: readonly number[], field: Member): void {
  const [first, ...rest] = numbers;
  if (first === undefined) return;
  if (rest.length === 0) {
    into.set(first, field);
    return;
  }
  let inner = into.get(first);
  if (!(inner instanceof Map)) into.set(first, inner = new Map());
  place(inner, rest, field);
}

function finished(placed: ReadonlyMap<number, Placed>): MessagePlan {
  const ordered = [...placed].sort(([a], [b]) => a - b).map(([number, member]) => ({
    number,
    member: member instanceof Map
      ? { is: "embedded", plan: finished(member) } satisfies Member
      : member,
  }));
  return { members: new Map(ordered.map(({ number, member }) => [number, member])), ordered };
}
