import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { type JsonValue, systemClock, systemRandom } from "../../base/mod.ts";
import { openPki, type Pki } from "../../pki/mod.ts";

/** What a fake webhook sends back: a JSON value, or an answer in all its parts. Undefined: never. */
export type FakeAnswer =
  | { readonly json: JsonValue }
  | {
    readonly status: number;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }
  | undefined;

/** One call as the webhook saw it. */
export interface FakeCall {
  readonly path: string;
  readonly host: string;
  readonly body: JsonValue;
}

/** An HTTPS server on loopback with a certificate for the given names. */
export class FakeWebhook implements AsyncDisposable {
  readonly calls: FakeCall[] = [];
  #connections = 0;

  private constructor(
    readonly port: number,
    readonly pki: Pki,
    readonly server: https.Server,
  ) {}

  static async open(
    answer: (call: FakeCall) => FakeAnswer,
    hosts: readonly string[] = ["127.0.0.1"],
  ): Promise<FakeWebhook> {
    const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
    const { certificate, key } = await pki.serving("webhook", { commonName: "webhook", hosts });
    const server = https.createServer({ cert: certificate, key });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const fake = new FakeWebhook((server.address() as AddressInfo).port, pki, server);
    server.on("connection", () => fake.#connections++);
    server.on("request", (request, response) => {
      let text = "";
      request.on("data", (chunk: unknown) => text += String(chunk));
      request.on("end", () => {
        const call = {
          path: request.url ?? "",
          host: request.headers.host ?? "",
          body: JSON.parse(text || "null") as JsonValue,
        };
        fake.calls.push(call);
        const given = answer(call);
        if (given === undefined) return;
        const { status = 200, headers = {}, body = "" } = "json" in given
          ? { body: JSON.stringify(given.json) }
          : given;
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body);
      });
    });
    return fake;
  }

  /** Connections that were opened so far. */
  get connections(): number {
    return this.#connections;
  }

  /** The authorities to trust, as configurations carry them. */
  get caBundle(): string {
    return new TextEncoder().encode(this.pki.authority.certificate).toBase64();
  }

  url(path: string): string {
    return `https://127.0.0.1:${this.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
