import { invariant } from "../../base/mod.ts";
import { hasStruct, structRow, type TypeRow } from "../schema/table.ts";

/** A message of the API: what stands under each field number. */
export interface MessagePlan {
  readonly members: ReadonlyMap<number, Member>;
}

/** A member of the object, or a struct that Go embeds: its fields are members of the same object. */
export type Member =
  | { readonly is: "embedded"; readonly members: ReadonlyMap<number, Member> }
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
  const members = new Map<number, Member>();
  for (const { name, numbers, zero, type } of row.fields) {
    place(members, numbers, { is: "field", name, zero, type });
  }
  const plan = { members: sorted(members) };
  plans.set(struct, plan);
  return plan;
}

/** True where the table knows the struct. */
export function hasPlan(struct: string): boolean {
  return hasStruct(struct);
}

function place(into: Map<number, Member>, numbers: readonly number[], field: Member): void {
  const [first, ...rest] = numbers;
  if (first === undefined) return;
  if (rest.length === 0) {
    into.set(first, field);
    return;
  }
  const inner = into.get(first);
  if (inner?.is === "embedded") {
    place(inner.members as Map<number, Member>, rest, field);
    return;
  }
  const members = new Map<number, Member>();
  place(members, rest, field);
  into.set(first, { is: "embedded", members });
}

/** Fields are written by rising number. */
function sorted(members: ReadonlyMap<number, Member>): ReadonlyMap<number, Member> {
  return new Map(
    [...members].sort(([a], [b]) => a - b).map(([number, member]) => [
      number,
      member.is === "embedded" ? { ...member, members: sorted(member.members) } : member,
    ]),
  );
}
