/** The certificate library's module. */
export type X509Library = typeof import("@peculiar/x509");

/**
 * The certificate library, loaded when a request is to be made or read, and not before: it costs a hundred milliseconds
 * and 20 MB, which those do without who only make certificates or read them.
 */
export async function x509Library(): Promise<X509Library> {
  // The library's dependency injection refuses to load without it.
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}
