import type { CelObjectType } from "./type.ts";
import { CelMap, type CelValue } from "./value.ts";
import { toCel } from "./wire.ts";

/** An object whose fields are computed when they are first read, each once. */
class LazyObject extends CelMap {
  readonly #type: CelObjectType;
  readonly #names: readonly string[];
  readonly #compute: (name: string) => unknown;
  readonly #known: Map<string, CelValue> = new Map();

  constructor(
    type: CelObjectType,
    names: readonly string[],
    compute: (name: string) => unknown,
  ) {
    super();
    this.#type = type;
    this.#names = names;
    this.#compute = compute;
  }

  override get size(): number {
    return this.#names.length;
  }

  override find(key: CelValue): CelValue | undefined {
    if (typeof key !== "string") return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const field = this.#type.fields.get(key);
    if (field === undefined || !this.#names.includes(key)) return undefined;
    const raw = this.#compute(key);
    if (raw === undefined) return undefined;
    const value = toCel(raw, field.type);
    this.#known.set(key, value);
    return value;
  }

  override keys(): Iterable<CelValue> {
    return this.#names;
  }
}

/**
 * The value of a variable such as `variables`, whose fields are other expressions. `compute` gets the name of a field
 * and answers what `evaluateValue` gave, JSON, or undefined where there is none; it is called once for a name. It
 * may not read the field that it computes.
 */
export function celLazyObject(
  type: CelObjectType,
  names: readonly string[],
  compute: (name: string) => unknown,
): CelMap {
  return new LazyObject(type, names, compute);
}
