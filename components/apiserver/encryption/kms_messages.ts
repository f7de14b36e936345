import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Notes that a key service wants back with what it encrypted. */
export type Annotations = ReadonlyMap<string, Uint8Array>;

export interface KmsStatus {
  readonly version: string;
  readonly healthz: string;
  readonly keyId: string;
}

export interface KmsSealed {
  readonly ciphertext: Uint8Array;
  readonly keyId: string;
  readonly annotations: Annotations;
}

/** A value as it lies in the store: encrypted, with the key's seed, which the key service has encrypted. */
export interface EncryptedObject {
  readonly data: Uint8Array;
  readonly keyId: string;
  readonly sealedSource: Uint8Array;
  readonly annotations: Annotations;
  /** 0: the source is the key; 1: keys are derived from it. */
  readonly sourceType: number;
}

const EMPTY = new Uint8Array();

class Message {
  readonly #writer = new BinaryWriter();

  bytes(field: number, value: Uint8Array): this {
    if (value.length > 0) this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  text(field: number, value: string): this {
    if (value !== "") this.#writer.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }

  number(field: number, value: number): this {
    if (value !== 0) this.#writer.tag(field, WireType.Varint).int32(value);
    return this;
  }

  map(field: number, values: Annotations): this {
    for (const [name, value] of values) {
      this.bytes(field, new Message().text(1, name).bytes(2, value).finish());
    }
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** The members of a message by their numbers, as bytes, and as numbers where they are. Throws for what is none. */
function membersOf(bytes: Uint8Array) {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Uint8Array[]>();
  const numbers = new Map<number, number>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) {
      const all = fields.get(field) ?? [];
      all.push(reader.bytes().slice());
      fields.set(field, all);
    } else if (wire === WireType.Varint) numbers.set(field, Number(reader.int64()));
    else reader.skip(wire, field);
  }
  const last = (field: number) => fields.get(field)?.at(-1) ?? EMPTY;
  return {
    bytes: last,
    text: (field: number) => new TextDecoder().decode(last(field)),
    number: (field: number) => numbers.get(field) ?? 0,
    map(field: number): Annotations {
      const map = new Map<string, Uint8Array>();
      for (const entry of fields.get(field) ?? []) {
        const { text, bytes } = membersOf(entry);
        map.set(text(1), bytes(2));
      }
      return map;
    },
  };
}

export const encodeEncryptRequest = (plaintext: Uint8Array, uid: string): Uint8Array =>
  new Message().bytes(1, plaintext).text(2, uid).finish();

export const encodeDecryptRequest = (sealed: KmsSealed, uid: string): Uint8Array =>
  new Message().bytes(1, sealed.ciphertext).text(2, uid).text(3, sealed.keyId)
    .map(4, sealed.annotations).finish();

export function decodeStatus(bytes: Uint8Array): KmsStatus {
  const { text } = membersOf(bytes);
  return { version: text(1), healthz: text(2), keyId: text(3) };
}

export function decodeEncryptResponse(bytes: Uint8Array): KmsSealed {
  const { text, bytes: member, map } = membersOf(bytes);
  return { ciphertext: member(1), keyId: text(2), annotations: map(3) };
}

export const decodeDecryptResponse = (bytes: Uint8Array): Uint8Array => membersOf(bytes).bytes(1);

export const encodeObject = (object: EncryptedObject): Uint8Array =>
  new Message().bytes(1, object.data).text(2, object.keyId).bytes(3, object.sealedSource)
    .map(4, object.annotations).number(5, object.sourceType).finish();

export function decodeObject(bytes: Uint8Array): EncryptedObject {
  const { text, bytes: member, map, number } = membersOf(bytes);
  return {
    data: member(1),
    keyId: text(2),
    sealedSource: member(3),
    annotations: map(4),
    sourceType: number(5),
  };
}

/** What a key service reads and answers, for one that is written in this language. */
export const kmsServer = {
  readEncrypt: (bytes: Uint8Array) => membersOf(bytes).bytes(1),
  readDecrypt(bytes: Uint8Array): KmsSealed {
    const { text, bytes: member, map } = membersOf(bytes);
    return { ciphertext: member(1), keyId: text(3), annotations: map(4) };
  },
  status: ({ version, healthz, keyId }: KmsStatus) =>
    new Message().text(1, version).text(2, healthz).text(3, keyId).finish(),
  encrypted: ({ ciphertext, keyId, annotations }: KmsSealed) =>
    new Message().bytes(1, ciphertext).text(2, keyId).map(3, annotations).finish(),
  decrypted: (plaintext: Uint8Array) => new Message().bytes(1, plaintext).finish(),
};
