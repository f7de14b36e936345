/** The certificate library's module. */
export type X509Library = typeof import("@peculiar/x509");

/**
 * The certificate library, loaded when something is to be made or a request to be read, and not before: it costs tens
 * of milliseconds and 20 MB, which a restart with valid certificates, and the processes of nodes, do without.
 */
export async function x509Library(): Promise<X509Library> {
  // The library's dependency injection refuses to load without it.
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}
