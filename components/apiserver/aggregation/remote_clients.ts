import type { Random } from "../../base/mod.ts";
import { type Dial, TlsClient } from "../../serving/mod.ts";
import type { ObjectReader } from "../ports.ts";
import { authoritiesOf, endpointOf } from "../webhook/mod.ts";
import { type RemoteService, sameRoute } from "./remote_service.ts";

export interface RemoteClientsOptions {
  readonly reader: ObjectReader;
  readonly dial: Dial;
  readonly random: Random;
  now(): number;
  /** The front proxy's own certificate, by which others believe whom it speaks for. */
  credential(): Promise<{ readonly certificate: string; readonly key: string }>;
}

/** One HTTPS client a server behind this one; anew where the way to it has changed. */
export class RemoteClients {
  readonly #options: RemoteClientsOptions;
  readonly #clients = new Map<
    string,
    { readonly remote: RemoteService; readonly client: TlsClient }
  >();

  constructor(options: RemoteClientsOptions) {
    this.#options = options;
  }

  /** Throws an `Error` for a bundle that holds no certificate. */
  async of(remote: RemoteService): Promise<TlsClient> {
    const known = this.#clients.get(remote.name);
    if (known !== undefined && sameRoute(known.remote, remote)) return known.client;
    const { credential, dial, now, random, reader } = this.#options;
    const authorities = authoritiesOf(remote.caBundle);
    const shown = await credential();
    const client = new TlsClient({
      connect: async () => await dial.connect(await endpointOf(reader, random, remote.service)),
      serverName: `${remote.service.name}.${remote.service.namespace}.svc`,
      now,
      credential: shown,
      insecure: remote.insecure,
      ...(authorities === undefined ? {} : { authorities }),
    });
    this.forget(remote.name);
    this.#clients.set(remote.name, { remote, client });
    return client;
  }

  /** Ends the connections to one that is gone. */
  forget(name: string): void {
    this.#clients.get(name)?.client.close();
    this.#clients.delete(name);
  }

  close(): void {
    for (const { client } of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}

/** What goes into the `Host` header of a request to one. */
export const hostOf = ({ service }: RemoteService): string =>
  `${service.name}.${service.namespace}.svc:${service.port}`;
