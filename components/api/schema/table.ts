import { SCHEMA_TABLE } from "../generated/schema.ts";

/**
 * Reads `generated/schema.ts`: one struct a line, a tab between its name and its fields.
 *
 *     core.v1.Thing^*<TAB>name! 1 s;ports 2.3 [port,protocol=TCP]#Port ~merge@port;mode 4 s =A|B
 *
 * After the name, `^` marks a kind and `*` a struct that server-side apply owns as one leaf. A field is its JSON name
 * (`!` where required, `?` where optional and a zero is a value of its own), its protobuf numbers from the message down, its type, how strategic merge takes it, and the
 * values it may hold. A type is a scalar's letter, `#Struct` (of the same package unless it names one), `[]T` with the
 * keys of a map list (`*` for a set, nothing for atomic) between the brackets, or `{}T` (`{!}T` when atomic).
 */
export interface StructRow {
  readonly name: string;
  readonly isKind: boolean;
  readonly atomic: boolean;
  readonly fields: readonly FieldRow[];
}

export interface FieldRow {
  readonly name: string;
  readonly required: boolean;
  /** A zero is a value: the member is kept where Go leaves an optional zero out. */
  readonly zero: boolean;
  /** Empty for apiVersion and kind, which protobuf keeps in the envelope. */
  readonly numbers: readonly number[];
  readonly type: TypeRow;
  readonly strategies: readonly string[];
  readonly mergeKey: string;
  readonly enum: readonly string[] | undefined;
}

export type TypeRow =
  | { readonly is: "scalar"; readonly letter: string }
  | { readonly is: "struct"; readonly name: string }
  | { readonly is: "map"; readonly atomic: boolean; readonly values: TypeRow }
  | {
    readonly is: "list";
    readonly listType: "atomic" | "set" | "map";
    readonly keys: readonly string[];
    readonly items: TypeRow;
  };

/** Where each struct's line starts; filled at the first look-up. */
let offsets: Map<string, number> | undefined;

function index(): Map<string, number> {
  if (offsets !== undefined) return offsets;
  offsets = new Map();
  for (let start = 1; start < SCHEMA_TABLE.length;) {
    const tab = SCHEMA_TABLE.indexOf("\t", start);
    let end = tab;
    while (isFlag(SCHEMA_TABLE.charCodeAt(end - 1))) end--;
    offsets.set(SCHEMA_TABLE.slice(start, end), start);
    start = SCHEMA_TABLE.indexOf("\n", tab) + 1;
  }
  return offsets;
}

const isFlag = (code: number): boolean => code === 0x5e || code === 0x2a;

/** The names of all structs in the table. */
export function structNames(): string[] {
  return [...index().keys()];
}

/** True where the table has a struct of that name; reads none of it. */
export function hasStruct(name: string): boolean {
  return index().has(name);
}

/** One struct of the table, read anew at each call; undefined where there is none of that name. */
export function structRow(name: string): StructRow | undefined {
  const start = index().get(name);
  if (start === undefined) return undefined;
  const tab = SCHEMA_TABLE.indexOf("\t", start);
  const flags = SCHEMA_TABLE.slice(start + name.length, tab);
  const fields = SCHEMA_TABLE.slice(tab + 1, SCHEMA_TABLE.indexOf("\n", tab));
  const pack = name.slice(0, name.lastIndexOf(".") + 1);
  return {
    name,
    isKind: flags.includes("^"),
    atomic: flags.includes("*"),
    fields: fields === "" ? [] : fields.split(";").map((text) => fieldRow(text, pack)),
  };
}

function fieldRow(text: string, pack: string): FieldRow {
  // Values may hold blanks, so they are cut off first.
  const equals = text.indexOf(" =");
  const head = equals < 0 ? text : text.slice(0, equals);
  const [member = "", numbers = "", type = "", merge = ""] = head.split(" ");
  const required = member.endsWith("!");
  const zero = required || member.endsWith("?");
  const [strategies = "", mergeKey = ""] = merge.slice(1).split("@");
  return {
    name: zero ? member.slice(0, -1) : member,
    required,
    zero,
    numbers: numbers === "" ? [] : numbers.split(".").map(Number),
    type: typeRow(type, pack),
    strategies: strategies === "" ? [] : strategies.split(","),
    mergeKey,
    enum: equals < 0 ? undefined : text.slice(equals + 2).split("|"),
  };
}

function typeRow(text: string, pack: string): TypeRow {
  const first = text[0];
  if (first === "#") {
    const name = text.slice(1);
    return { is: "struct", name: name.includes(".") ? name : pack + name };
  }
  if (first === "{") {
    const close = text.indexOf("}");
    return { is: "map", atomic: close === 2, values: typeRow(text.slice(close + 1), pack) };
  }
  if (first === "[") {
    const close = text.indexOf("]");
    const keys = text.slice(1, close);
    const listType = keys === "" ? "atomic" : keys === "*" ? "set" : "map";
    return {
      is: "list",
      listType,
      keys: listType === "map" ? keys.split(",") : [],
      items: typeRow(text.slice(close + 1), pack),
    };
  }
  return { is: "scalar", letter: text };
}
