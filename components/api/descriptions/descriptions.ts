import { createHash } from "node:crypto";

/** Of one API group: by struct, the text of each field; `""` is the struct's own, `=` names a struct that is alike. */
export type GroupTexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

const LIKE = "=";
/** How far one struct may be like another that is like a third. */
const LIKE_MAXIMUM = 4;
/** What every object has, whatever its kind. */
const KIND = "Kind";
const COMMON = "meta";

/** What people read of structs and their fields in `kubectl explain`. */
export class Descriptions {
  readonly #groups: Readonly<Record<string, GroupTexts>>;
  #hash: string | undefined;

  constructor(groups: Readonly<Record<string, GroupTexts>>) {
    this.#groups = groups;
  }

  /** Changes with any of the texts. */
  get hash(): string {
    return this.#hash ??= createHash("sha256").update(JSON.stringify(this.#groups)).digest("hex");
  }

  /** The text of a struct, such as `core.v1.Pod`: the same in every version. */
  struct(name: string): string | undefined {
    const [group, struct] = split(name);
    return this.#text(group, struct, "");
  }

  /** The text of a struct's field. */
  field(struct: string, field: string): string | undefined {
    const [group, name] = split(struct);
    return this.#text(group, name, field);
  }

  /** The text of a field that every kind has: apiVersion, kind, metadata, spec, status. */
  ofKinds(field: string): string | undefined {
    return this.#text(COMMON, KIND, field);
  }

  #text(group: string, struct: string, field: string): string | undefined {
    let name: string | undefined = struct;
    for (let i = 0; i < LIKE_MAXIMUM && name !== undefined; i++) {
      const texts: Readonly<Record<string, string>> | undefined = own(this.#groups[group], name) ??
        own(this.#groups[COMMON], name);
      if (texts === undefined) return undefined;
      const text = own(texts, field);
      if (text !== undefined || field === "") return text;
      name = texts[LIKE];
    }
    return undefined;
  }
}

/** For documents in which nobody reads. */
export const NO_DESCRIPTIONS: Descriptions = new Descriptions({});

function own<T>(of: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return of !== undefined && Object.hasOwn(of, name) ? of[name] : undefined;
}

function split(name: string): [group: string, struct: string] {
  return [name.slice(0, name.indexOf(".")), name.slice(name.lastIndexOf(".") + 1)];
}
