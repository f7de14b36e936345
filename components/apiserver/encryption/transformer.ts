/** Changes values on their way to the store and back, in upstream's stored format. */
export interface Transformer {
  /** What values written by it begin with: `k8s:enc:aesgcm:v1:key1:`; empty for plain ones. */
  readonly prefix: string;
  /**
   * The value without its prefix. `key` is the one under which it is stored: a value moved to another is refused where
   * the cipher can tell. Throws, or rejects, where it cannot be done.
   */
  encrypt(plain: Uint8Array, key: string): Uint8Array | Promise<Uint8Array>;
  /** The plain value of what follows the prefix. Throws, or rejects, for what it did not write. */
  decrypt(data: Uint8Array, key: string): Uint8Array | Promise<Uint8Array>;
  /** The key that a value was written with, for one whose key may change. */
  keyOf?(data: Uint8Array): string;
  /** True where it would write with that key now. */
  isCurrent?(keyId: string): boolean;
  /** Resolves when it can be used; absent where it always can. */
  check?(): Promise<void>;
  close?(): void;
}

export const ENCRYPTED_PREFIX = "k8s:enc:";

/** Values as they are. */
export const identity: Transformer = {
  prefix: "",
  encrypt: (plain) => plain,
  decrypt(data) {
    if (startsWithText(data, ENCRYPTED_PREFIX)) {
      throw new Error("identity transformer tried to read encrypted data");
    }
    return data;
  },
};

export function startsWithText(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
