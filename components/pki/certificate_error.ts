/** Thrown for bytes that are not the certificate or request they should be. */
export class DerError extends Error {
  override readonly name = "DerError";
}
