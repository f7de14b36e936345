import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Writes the members of one message; members with their zero value are left out, as proto3 has it. */
export class MessageWriter {
  readonly #writer = new BinaryWriter();

  bytes(field: number, value: Uint8Array): this {
    if (value.length > 0) this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  integer(field: number, value: number | bigint): this {
    if (value !== 0 && value !== 0n) this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }

  /** Written even when it is 0: of several members that exclude each other, the one that is there is meant. */
  choice(field: number, value: number): this {
    this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }

  flag(field: number, value: boolean): this {
    if (value) this.#writer.tag(field, WireType.Varint).bool(true);
    return this;
  }

  /** A message in the message; written even when it is empty, because its presence says something. */
  message(field: number, value: Uint8Array): this {
    this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}

/** Reads the members of one message. What `member` does not take (false) is skipped. */
export function readMessage(
  bytes: Uint8Array,
  member: (field: number, reader: MessageReader) => boolean,
): void {
  const inner = new BinaryReader(bytes);
  const reader = new MessageReader(inner);
  while (inner.pos < inner.len) {
    const [field, wire] = inner.tag();
    if (!member(field, reader)) inner.skip(wire, field);
  }
}

/** Reads the value of the member that `readMessage` has come to. */
export class MessageReader {
  constructor(readonly inner: BinaryReader) {}

  /** A copy: the message around it may be large, and need not live as long. */
  bytes(): Uint8Array {
    return this.inner.bytes().slice();
  }

  text(): string {
    return this.inner.string();
  }

  /** A number in the range that counts and revisions lie in. */
  integer(): number {
    return Number(this.inner.int64());
  }

  /** An identity: all 64 bits count. */
  identity(): bigint {
    return BigInt(this.inner.int64());
  }

  flag(): boolean {
    return this.inner.bool();
  }

  /** The bytes of a message in the message; a view. */
  message(): Uint8Array {
    return this.inner.bytes();
  }
}
