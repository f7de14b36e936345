import type { CelObjectType } from "./type.ts";
import { CelMap, type CelValue } from "./value.ts";

/** An object that an expression made. */
export class StructValue extends CelMap {
  readonly type: CelObjectType;
  readonly #members: ReadonlyMap<string, CelValue>;

  constructor(type: CelObjectType, members: ReadonlyMap<string, CelValue>) {
    super();
    this.type = type;
    this.#members = members;
  }

  override get size(): number {
    return this.#members.size;
  }

  override find(key: CelValue): CelValue | undefined {
    return typeof key === "string" ? this.#members.get(key) : undefined;
  }

  override keys(): Iterable<CelValue> {
    return this.#members.keys();
  }

  /** The name in JSON of a field. */
  wireName(field: string): string {
    return this.type.fields.get(field)?.wireName ?? field;
  }
}
