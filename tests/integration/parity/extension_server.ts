import type { IncomingMessage, ServerResponse } from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { type JsonValue, systemClock, systemRandom } from "../../../components/base/mod.ts";
import { openPki } from "../../../components/pki/mod.ts";
import { type Dial, directDial } from "../../../components/serving/mod.ts";
import type { Surroundings } from "./parity_case.ts";

const V1 = { groupVersion: "ext.test/v1", kind: "APIResourceList", apiVersion: "v1" };

/** An API server behind the one that is tested, as the Service `things` in `$ns` of the case. */
export class ExtensionServer implements Surroundings {
  readonly names: Readonly<Record<string, string>>;
  /** Whether it answers that it is well. */
  healthy = true;

  private constructor(readonly server: https.Server, authority: string) {
    this.names = { ca: new TextEncoder().encode(authority).toBase64() };
  }

  static async open(): Promise<ExtensionServer> {
    const pki = await openPki(undefined, { clock: systemClock, random: systemRandom });
    const { certificate, key } = await pki.serving("extension", {
      commonName: "things",
      hosts: ["things.ext.svc"],
    });
    const server = https.createServer({
      cert: certificate,
      key,
      requestCert: true,
      rejectUnauthorized: false,
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const fake = new ExtensionServer(server, pki.authority.certificate);
    server.on("request", (request, response) => fake.#answer(request, response));
    // Whatever it upgrades to: who asks, and then an echo.
    server.on("upgrade", (request, socket) => {
      socket.on("error", () => {});
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n" +
          `hello ${request.headers["x-remote-user"]}, ${
            request.headers["sec-websocket-protocol"]
          }\n`,
      );
      socket.pipe(socket);
    });
    return fake;
  }

  get dial(): Dial {
    const { port } = this.server.address() as AddressInfo;
    return {
      connect: (_target, signal) => directDial.connect({ host: "127.0.0.1", port }, signal),
    };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const json = (value: JsonValue, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    const [path = "", query = ""] = (request.url ?? "").split("?");
    switch (path) {
      case "/apis/ext.test/v1":
        return this.healthy
          ? json({
            ...V1,
            resources: [
              {
                name: "things",
                singularName: "thing",
                namespaced: true,
                kind: "Thing",
                verbs: ["get"],
              },
              {
                name: "things/status",
                singularName: "",
                namespaced: true,
                kind: "Thing",
                verbs: ["get"],
              },
            ],
          })
          : json({}, 500);
      case "/openapi/v3":
        return json({
          paths: {
            "apis/ext.test/v1": { serverRelativeURL: "/openapi/v3/apis/ext.test/v1?hash=A" },
          },
        });
      case "/openapi/v3/apis/ext.test/v1":
        return json({ openapi: "3.0.0", of: "ext.test" });
      case "/openapi/v2":
        return json({
          swagger: "2.0",
          paths: { "/apis/ext.test/v1/things": { get: {} }, "/apis/apps/v1/": { get: {} } },
          definitions: { "test.Thing": { type: "object" } },
        });
    }
    if (query.includes("watch=")) {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"type":"ADDED","object":{"kind":"Thing"}}\n');
      // Never ends of itself: who asked goes.
      return;
    }
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    let body = "";
    request.on("data", (chunk: unknown) => body += String(chunk));
    request.on("end", () =>
      json({
        kind: "Thing",
        method: request.method ?? "",
        path: request.url ?? "",
        body,
        proxy: String(subject?.CN ?? ""),
        headers: request.headers as Record<string, JsonValue>,
      }, path.endsWith("teapot") ? 418 : 200));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
