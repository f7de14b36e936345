import {
  FakeClock,
  type JsonValue,
  MetricRegistry,
  type Random,
  seededRandom,
  silentLogger,
} from "../../../components/base/mod.ts";
import {
  type ApiServer,
  type ApiServerOptions,
  type RunningOptions,
  startApiServer,
} from "../../../components/apiserver/mod.ts";
import type { KubeObject } from "../../../components/api/mod.ts";
import { openPki, type Pki } from "../../../components/pki/mod.ts";
import type { Dial } from "../../../components/serving/mod.ts";
import { openKvStore } from "../../../components/storage/mod.ts";

const ADMIN = { username: "admin", groups: ["system:masters", "system:authenticated"] };
/** No request is answered later than this. */
const WAIT_MAXIMUM_SECONDS = 60;
const START = Date.UTC(2026, 0, 1);

/** An API server alone, over a store in memory: no controller and no node changes what requests leave. */
export class ParityServer implements AsyncDisposable {
  private constructor(
    readonly clock: FakeClock,
    readonly server: ApiServer,
    readonly pki: Pki,
    readonly random: Random,
    readonly close: () => Promise<void>,
  ) {}

  /** `dial` is how it reaches what is outside of it; by the machine's own routes where not given. */
  static async open(
    running: RunningOptions = {},
    { random = seededRandom(1), directory = "memory", dial, more = {} }: {
      readonly random?: Random;
      readonly directory?: string;
      readonly dial?: Dial | undefined;
      readonly more?: Partial<ApiServerOptions>;
    } = {},
  ): Promise<ParityServer> {
    const clock = new FakeClock(START);
    const logger = silentLogger;
    const store = await openKvStore({ directory, clock, logger });
    const pki = await openPki(undefined, { clock, random });
    const server = startApiServer({
      store,
      pki,
      clock,
      random,
      logger,
      metrics: new MetricRegistry(),
      advertise: { addresses: ["10.213.255.254"], port: 6443 },
      serviceCidrs: ["10.96.0.0/16"],
      running,
      ...(dial === undefined ? {} : { dial }),
      ...more,
    });
    await server.ready;
    return new ParityServer(clock, server, pki, random, async () => {
      server.close();
      await store.close();
    });
  }

  /** A namespace with the account that its pods run as. */
  async openNamespace(name: string): Promise<void> {
    const { writer, reader } = this.server;
    await writer.create<KubeObject>("", "namespaces", { metadata: { name } });
    await reader.fresh("", "namespaces");
    await writer.create<KubeObject>("", "serviceaccounts", {
      metadata: { name: "default", namespace: name },
    });
    await reader.fresh("", "serviceaccounts");
  }

  send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: JsonValue | undefined,
    user: string | undefined,
  ): Promise<Response> {
    const request = new Request(`http://server${path}`, {
      method,
      headers,
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const asked = user === undefined ? ADMIN : { username: user, groups: ["system:authenticated"] };
    return this.server.handle(request, { address: "parity", user: asked });
  }

  /** Lets time pass until the request is answered. */
  async answered(request: Promise<Response>): Promise<Response> {
    let done = false;
    const settled = request.finally(() => done = true);
    for (let seconds = 0; !done && seconds < WAIT_MAXIMUM_SECONDS; seconds++) {
      // Whatever does not wait for time comes first.
      await new Promise((resolve) => setTimeout(resolve));
      if (!done) await this.clock.advance(1000);
    }
    return await settled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
