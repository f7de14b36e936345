import { internalError } from "../../base/mod.ts";
import { hasMagic } from "../../api/served.ts";
import type { PortRange } from "./port_range.ts";

/** What kube-apiserver stores of an allocator: the range in words, and one large number whose bits are the ports. */
interface RangeAllocation {
  readonly kind: "RangeAllocation";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly range: string;
  /** The number's bytes, the highest first, in base64. */
  readonly data: string;
}

/** The taken ports of a range. */
export class PortBitmap {
  #changed = false;

  private constructor(
    readonly range: PortRange,
    readonly bits: Uint8Array,
    readonly metadata: Readonly<Record<string, unknown>>,
  ) {}

  /** Reads what is stored; of another range, ports outside this one are left out. Throws 500 for what is none. */
  static decode(range: PortRange, value: Uint8Array | undefined): PortBitmap {
    const bits = new Uint8Array(Math.ceil((range.last - range.first + 1) / 8));
    if (value === undefined) return new PortBitmap(range, bits, {});
    if (hasMagic(value)) {
      // A kube-apiserver that stores protobuf was here before: the services say as much, and repair reads them.
      const anew = new PortBitmap(range, bits, {});
      anew.#changed = true;
      return anew;
    }
    const stored = parse(value);
    const [first = Number.NaN] = stored.range.split("-").map(Number);
    if (!Number.isSafeInteger(first)) throw unreadable();
    const bytes = fromBase64(stored.data);
    const bitmap = new PortBitmap(range, bits, stored.metadata ?? {});
    for (let offset = 0; offset < bytes.length * 8; offset++) {
      const byte = bytes[bytes.length - 1 - (offset >>> 3)] ?? 0;
      if ((byte >>> (offset & 7) & 1) === 1) bitmap.set(first + offset, true);
    }
    bitmap.#changed = first !== range.first;
    return bitmap;
  }

  get changed(): boolean {
    return this.#changed;
  }

  /** Takes a port or gives it back; false when it was taken already. Ports outside the range are nobody's. */
  set(port: number, taken: boolean): boolean {
    const { first, last } = this.range;
    if (port < first || port > last) return !taken;
    const at = (port - first) >>> 3;
    const bit = 1 << ((port - first) & 7);
    const was = ((this.bits[at] ?? 0) & bit) !== 0;
    if (was === taken) return !taken;
    this.bits[at] = (this.bits[at] ?? 0) ^ bit;
    this.#changed = true;
    return true;
  }

  ports(): number[] {
    const ports: number[] = [];
    for (let port = this.range.first; port <= this.range.last; port++) {
      const offset = port - this.range.first;
      if (((this.bits[offset >>> 3] ?? 0) >>> (offset & 7) & 1) === 1) ports.push(port);
    }
    return ports;
  }

  encode(): Uint8Array {
    const top = this.bits.findLastIndex((byte) => byte !== 0);
    const data = this.bits.slice(0, top + 1).reverse().toBase64();
    const stored: RangeAllocation = {
      kind: "RangeAllocation",
      apiVersion: "v1",
      metadata: this.metadata,
      range: `${this.range.first}-${this.range.last}`,
      data,
    };
    return new TextEncoder().encode(JSON.stringify(stored));
  }
}

function parse(value: Uint8Array): RangeAllocation {
  let stored: Partial<RangeAllocation> | null;
  try {
    stored = JSON.parse(new TextDecoder().decode(value));
  } catch {
    throw unreadable();
  }
  const right = stored?.kind === "RangeAllocation" && typeof stored.range === "string" &&
    (stored.data === undefined || typeof stored.data === "string");
  if (!right) throw unreadable();
  return { data: "", ...stored } as RangeAllocation;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw unreadable();
  }
}

const unreadable = () => internalError("the stored allocation of node ports cannot be read");
