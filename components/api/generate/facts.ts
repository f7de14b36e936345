/** Reads the fact tables beside this file: lines of text, `#` starts a comment. */
const folder = new URL("./facts/", import.meta.url);

function lines(file: string): string[] {
  return Deno.readTextFileSync(new URL(file, folder))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** A field of a protobuf message; `type` carries `[]` and `{}` in front. */
export interface MessageField {
  readonly number: number;
  readonly name: string;
  readonly type: string;
}

/** `core.v1.Pod` to its fields. Types are fully named. */
export function readMessages(): Map<string, readonly MessageField[]> {
  const messages = new Map<string, readonly MessageField[]>();
  const texts = lines("messages.txt").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const names = new Set(texts.map(([name]) => name));
  for (const [name, text] of texts) {
    const pack = name.slice(0, name.lastIndexOf("."));
    const fields = text === "" ? [] : text.split(", ").map((part) => {
      const [number = "", field = "", type = ""] = part.split(" ");
      const base = type.replaceAll(/^[[\]{}]+/g, "");
      const full = names.has(`${pack}.${base}`) ? `${pack}.${base}` : base;
      return {
        number: Number(number),
        name: field,
        type: type.slice(0, type.length - base.length) + full,
      };
    });
    messages.set(name, fields);
  }
  return messages;
}

/** How a list or map merges. Keys are `struct.member`, or a struct's own name for `atomic`. */
export interface ListFact {
  readonly kind: "map" | "set" | "atomic" | "struct";
  readonly keys: readonly string[];
  readonly strategies: readonly string[];
  readonly mergeKey: string;
}

export function readLists(): Map<string, ListFact> {
  const facts = new Map<string, ListFact>();
  for (const line of lines("lists.txt")) {
    const [path = "", type = "", merge = ""] = line.split(" ");
    const bracket = type.indexOf("[");
    const [strategies = "", mergeKey = ""] = merge.slice(1).split("@");
    facts.set(path, {
      kind: (bracket < 0 ? type : type.slice(0, bracket)) as ListFact["kind"],
      keys: bracket < 0 ? [] : type.slice(bracket + 1, -1).split(","),
      strategies: strategies === "" ? [] : strategies.split(","),
      mergeKey,
    });
  }
  return facts;
}

/** `core.v1.Container` to the members it requires. */
export function readRequired(): Map<string, ReadonlySet<string>> {
  return readMembers("required.txt");
}

/** `apps.v1.DeploymentSpec` to the optional members whose zero is a value. */
export function readZeros(): Map<string, ReadonlySet<string>> {
  return readMembers("zeros.txt");
}

function readMembers(file: string): Map<string, ReadonlySet<string>> {
  return new Map(
    lines(file).map((line) => {
      const [name = "", members = ""] = line.split(": ");
      return [name, new Set(members.split(" "))];
    }),
  );
}

/** `core.v1.Container.imagePullPolicy` to the values it allows. */
export function readEnums(): Map<string, string> {
  const enums = new Map<string, string>();
  for (const line of lines("enums.txt")) {
    const colon = line.lastIndexOf(": ");
    const values = line.slice(line.indexOf(" ") + 1, colon);
    for (const user of line.slice(colon + 2).split(", ")) enums.set(user, values);
  }
  return enums;
}

/** One served resource, its columns still text. */
export interface ResourceFact {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Kinds of subresource bodies: `v1` group and version where they differ from the parent's. */
  readonly bodies: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
  readonly line: string;
}

export function readResources(): ResourceFact[] {
  return lines("resources.txt").map((line) => {
    const [head = "", plural = "", , scope = "", , , , , subresources = "-"] = line.split(" | ");
    const [groupVersion = "", kind = ""] = head.split(" ");
    const { group, version } = splitGroupVersion(groupVersion);
    const bodies = subresources === "-" ? [] : subresources.split("; ").map((text) => {
      const body = text.split(" ")[2] ?? "";
      const dot = body.lastIndexOf(".");
      return dot < 0
        ? { group, version, kind: body }
        : { ...splitGroupVersion(body.slice(0, dot)), kind: body.slice(dot + 1) };
    });
    return { group, version, kind, plural, namespaced: scope === "Namespaced", bodies, line };
  });
}

function splitGroupVersion(text: string): { group: string; version: string } {
  const slash = text.indexOf("/");
  return slash < 0
    ? { group: "", version: text }
    : { group: text.slice(0, slash), version: text.slice(slash + 1) };
}

/** `rbac.authorization.k8s.io`, `v1` to `rbac.v1`: the package of a group's types. */
export function packageOf(group: string, version: string): string {
  return `${group === "" ? "core" : group.split(".")[0]}.${version}`;
}
