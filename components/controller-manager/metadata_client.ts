import { Client } from "../client/mod.ts";

const AS_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const AS_OBJECT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/**
 * The same client asking for metadata only: what lists and watches answer is a fraction of the objects, and of any
 * kind, known at build time or not.
 */
export class MetadataClient extends Client {
  readonly #client: Client;

  constructor(client: Client) {
    super({
      server: "",
      userAgent: "",
      fetch: () => Promise.reject(new Error("requests go through the client it wraps")),
    });
    this.#client = client;
  }

  override request(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
    signal?: AbortSignal,
  ): Promise<Response> {
    const accept = method === "GET" && !path.includes("watch=true") ? AS_LIST : AS_OBJECT;
    return this.#client.request(method, path, body, contentType, signal, accept);
  }
}
