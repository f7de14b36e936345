import type { Device, DeviceAttribute } from "../generated/types.ts";
import { QUANTITY, quantity } from "./library/quantity.ts";
import { semver } from "./library/semver.ts";
import { BOOL, type CelObjectType, DYN, mapOf, objectOf, STRING } from "./type.ts";
import { CelMap, type CelValue, EntryMap } from "./value.ts";

/** Attributes and capacities that one device has at most. */
const NAMES = 32;
/** Characters of a domain, of a name in it, and of a value. */
const DOMAIN = { ...STRING, maxElements: 63 };
const NAME = { ...STRING, maxElements: 32 };
const VALUE = { ...DYN, maxElements: 64 };

const bounded = (type: ReturnType<typeof mapOf>) => ({ ...type, maxElements: NAMES });

/** `device` in selectors of device classes and of claims. */
export const CEL_DEVICE: CelObjectType = objectOf("kubernetes.DRADevice", {
  driver: DOMAIN,
  attributes: bounded(mapOf(DOMAIN, bounded(mapOf(NAME, VALUE)))),
  capacity: bounded(mapOf(DOMAIN, bounded(mapOf(NAME, QUANTITY)))),
  allowMultipleAllocations: BOOL,
});

/** Names by their domain. A domain that nothing is in is there, and empty: only a name may be missing. */
class Domains extends CelMap {
  readonly #domains = new Map<string, EntryMap>();

  override get size(): number {
    return this.#domains.size;
  }

  override find(key: CelValue): CelValue | undefined {
    return typeof key === "string" ? this.#domains.get(key) ?? EMPTY : undefined;
  }

  override keys(): Iterable<CelValue> {
    return this.#domains.keys();
  }

  /** A name without a domain is in the driver's. */
  set(qualified: string, driver: string, value: CelValue): void {
    const slash = qualified.indexOf("/");
    const domain = slash < 0 ? driver : qualified.slice(0, slash);
    const name = qualified.slice(slash + 1);
    const known = this.#domains.get(domain) ?? new EntryMap();
    this.#domains.set(domain, known);
    known.set(name, value);
  }
}

const EMPTY = new EntryMap();

function attributeValue({ string, int, bool, version }: DeviceAttribute): CelValue | undefined {
  if (string !== undefined) return string;
  if (int !== undefined) return BigInt(int);
  if (bool !== undefined) return bool;
  return version === undefined ? undefined : semver(version);
}

/** The value of `device` for a device of a driver; the scheduler evaluates its selectors on it. */
export function celDevice(driver: string, device: Device): CelMap {
  const attributes = new Domains();
  for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
    const value = attributeValue(attribute);
    if (value !== undefined) attributes.set(name, driver, value);
  }
  const capacity = new Domains();
  for (const [name, { value = "0" }] of Object.entries(device.capacity ?? {})) {
    capacity.set(name, driver, quantity(value));
  }
  const whole = new EntryMap();
  whole.set("driver", driver);
  whole.set("attributes", attributes);
  whole.set("capacity", capacity);
  whole.set("allowMultipleAllocations", device.allowMultipleAllocations === true);
  return whole;
}
