/** A selector cannot be asked: its text, or what it says of a device, is wrong. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}
