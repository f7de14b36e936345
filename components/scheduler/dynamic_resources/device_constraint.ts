import type { DeviceAttribute, DeviceConstraint } from "../../api/mod.ts";
import type { DeviceWish } from "./claim_plan.ts";
import type { NodeDevice } from "./pool_index.ts";

/** Follows what a claim asks of its devices together, while they are chosen one by one and given back in reverse. */
export class ConstraintState {
  readonly #attribute: string;
  readonly #distinct: boolean;
  readonly #requests: readonly string[];
  /** The attribute's value of each device so far. */
  readonly #values: string[] = [];

  constructor({ matchAttribute, distinctAttribute, requests = [] }: DeviceConstraint) {
    this.#attribute = matchAttribute ?? distinctAttribute ?? "";
    this.#distinct = matchAttribute === undefined;
    this.#requests = requests;
  }

  /** Adds a device, unless the constraint would no longer hold. */
  add(wish: DeviceWish, device: NodeDevice): boolean {
    if (!this.#concerns(wish)) return true;
    const value = attributeOf(device, this.#attribute);
    if (value === undefined) return false;
    const fits = this.#distinct
      ? !this.#values.includes(value)
      : this.#values.length === 0 || this.#values[0] === value;
    if (fits) this.#values.push(value);
    return fits;
  }

  /** Takes the device away that was added last for such a request. */
  remove(wish: DeviceWish): void {
    if (this.#concerns(wish)) this.#values.pop();
  }

  #concerns({ name, request }: DeviceWish): boolean {
    return this.#requests.length === 0 || this.#requests.includes(request) ||
      this.#requests.includes(name);
  }
}

/** The value of an attribute with its type; the driver's own attributes may leave their domain out. */
function attributeOf({ device, slice }: NodeDevice, name: string): string | undefined {
  const attributes = device.attributes ?? {};
  const slash = name.indexOf("/");
  const short = name.slice(0, slash) === slice.driver ? name.slice(slash + 1) : undefined;
  const found: DeviceAttribute | undefined = own(attributes, name) ??
    (short === undefined ? undefined : own(attributes, short));
  if (found === undefined) return undefined;
  for (const type of ["string", "int", "bool", "version"] as const) {
    const value = found[type];
    if (value !== undefined) return `${type} ${value}`;
  }
  return undefined;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
