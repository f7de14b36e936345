import {
  type JsonValue,
  MetricRegistry,
  seededRandom,
  silentLogger,
  systemClock,
} from "../components/base/mod.ts";
import { type ApiServer, startApiServer } from "../components/apiserver/mod.ts";
import type { Pki } from "../components/pki/mod.ts";
import { type EtcdStoreOptions, openEtcdStore, type Store } from "../components/storage/mod.ts";

const ADMIN = { username: "admin", groups: ["system:masters", "system:authenticated"] };

/** What a server answered. */
export interface Answer {
  readonly code: number;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
}

/** One of several API servers over one etcd. */
export class EtcdApiServer {
  private constructor(
    readonly address: string,
    readonly store: Store,
    readonly server: ApiServer,
  ) {}

  static async start(
    address: string,
    pki: Pki,
    etcd: Partial<EtcdStoreOptions> & Pick<EtcdStoreOptions, "endpoints">,
  ): Promise<EtcdApiServer> {
    const clock = systemClock;
    const metrics = new MetricRegistry();
    const store = await openEtcdStore({ clock, logger: silentLogger, ...etcd });
    const server = startApiServer({
      store,
      pki,
      clock,
      random: seededRandom(address.length + Number(address.split(".")[3])),
      logger: silentLogger,
      metrics,
      advertise: { addresses: [address], port: 6443 },
      serviceCidrs: ["10.96.0.0/24"],
    });
    return new EtcdApiServer(address, store, server);
  }

  async send(
    method: string,
    path: string,
    body?: JsonValue,
    headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
    user = ADMIN,
  ): Promise<Answer> {
    const response = await this.fetch(method, path, body, headers, user);
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json");
    return { code: response.status, body: json ? JSON.parse(text) : text };
  }

  fetch(
    method: string,
    path: string,
    body?: JsonValue,
    headers: Readonly<Record<string, string>> = {},
    user = ADMIN,
  ): Promise<Response> {
    const request = new Request(`http://server${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return this.server.handle(request, { address: "test", user });
  }

  async end(): Promise<void> {
    await this.server.leave();
    await this.kill();
  }

  /** Ends without a word to the others. */
  async kill(): Promise<void> {
    this.server.close();
    await this.store.close();
  }
}
