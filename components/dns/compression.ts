const HEADER_BYTES = 12;
/** Type, class, lifetime and the length of the data. */
const RECORD_FIXED_BYTES = 10;
/** Points to the question, which stands right behind the header. */
const POINTER_TO_QUESTION = [0xc0, HEADER_BYTES] as const;

/**
 * A message in which every record of the question's own name points to it instead of spelling it again, so that three
 * times as many addresses fit into one datagram. The message has one question and no pointers. Pure.
 */
export function compressed(message: Uint8Array): Uint8Array {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint16(4) !== 1) return message;
  const nameEnd = skipName(message, HEADER_BYTES);
  const question = message.subarray(HEADER_BYTES, nameEnd);
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  const result = new Uint8Array(message.length);
  let at = nameEnd + 4, written = at;
  result.set(message.subarray(0, at));
  for (let record = 0; record < records; record++) {
    const name = message.subarray(at, skipName(message, at));
    const fixed = at + name.length;
    const end = fixed + RECORD_FIXED_BYTES + view.getUint16(fixed + RECORD_FIXED_BYTES - 2);
    const owner = same(name, question) ? POINTER_TO_QUESTION : name;
    result.set(owner, written);
    result.set(message.subarray(fixed, end), written + owner.length);
    written += owner.length + end - fixed;
    at = end;
  }
  return result.subarray(0, written);
}

/** Where the name that begins at `at` ends. */
function skipName(message: Uint8Array, at: number): number {
  for (;;) {
    const length = message[at] ?? 0;
    at += length + 1;
    if (length === 0) return at;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
