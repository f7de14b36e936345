import { ApiError, seededRandom, silentLogger, systemClock } from "../../base/mod.ts";
import { openPki } from "../../pki/mod.ts";
import {
  connectionDuplex,
  Door,
  nodeStream,
  opened,
  socketPipe,
  TUNNEL_PROTOCOL,
  TUNNEL_PROTOCOL_ALIAS,
  webSocketPipe,
} from "../../serving/mod.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { Authorizer } from "../ports.ts";
import { parseRequestInfo } from "../request_info.ts";
import { connectHandler } from "./connect_handler.ts";

/** A front server with the handlers, a kubelet and a backend behind it, all on loopback: for tests. */
export interface ConnectFixture {
  readonly objects: FakeObjects;
  /** `http://127.0.0.1:port` of the front. */
  readonly origin: string;
  /** Paths that the kubelet and the backend were asked for, with their queries. */
  readonly asked: string[];
  /** What the front answers, for another server before it. */
  answer(request: Request): Promise<Response>;
  close(): Promise<void>;
}

const USER = { username: "u", groups: ["system:authenticated"] };

export function openFixture(
  far: (request: Request) => Response | Promise<Response>,
  authorizer: Authorizer = { authorize: () => ({ allowed: true, reason: "" }) },
): ConnectFixture {
  const objects = new FakeObjects();
  const asked: string[] = [];
  const quiet = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  const farServer = Deno.serve(quiet, (request) => {
    const url = new URL(request.url);
    asked.push(url.pathname + url.search);
    return far(request);
  });
  const farOrigin = `127.0.0.1:${farServer.addr.port}`;
  const openPipe = async (path: string, protocols: readonly string[]) => {
    const socket = new WebSocket(`ws://${farOrigin}${path}`, [...protocols]);
    const pipe = webSocketPipe(socket);
    await opened(socket);
    return pipe;
  };
  const connectFar = async () =>
    socketPipe(nodeStream(connectionDuplex(await Deno.connect({ port: farServer.addr.port }))));
  const handle = connectHandler({
    reader: objects,
    authorizer,
    clock: systemClock,
    random: seededRandom(1),
    kubelets: {
      fetch: (_, path, { body, ...init }) =>
        fetch(`http://${farOrigin}${path}`, { ...init, body, redirect: "manual" }),
      websocket: async (_, path, protocol) =>
        await openPipe(
          path,
          [protocol === TUNNEL_PROTOCOL ? TUNNEL_PROTOCOL_ALIAS : protocol],
        ),
      connect: connectFar,
    },
    backends: {
      fetch: (_, path, { body, ...init }) =>
        fetch(`http://${farOrigin}${path}`, { ...init, body, redirect: "manual" }),
      connect: connectFar,
    },
  });
  const answer = async (request: Request) => {
    const url = new URL(request.url);
    const info = parseRequestInfo(request.method, url.pathname, url.searchParams);
    try {
      return await handle(request, info, USER);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return Response.json(error.toStatus(), { status: error.code });
    }
  };
  const front = Deno.serve(quiet, answer);
  return {
    objects,
    origin: `http://127.0.0.1:${front.addr.port}`,
    asked,
    answer,
    async close() {
      await front.shutdown();
      await farServer.shutdown();
    },
  };
}

/** Puts a node and a pod of two containers on it. */
export function putPod(objects: FakeObjects): void {
  const addresses = [{ type: "InternalIP", address: "10.0.0.9" }];
  objects.put("", "nodes", { metadata: { name: "n" }, status: { addresses } } as never);
  objects.put("", "pods", {
    metadata: { name: "p", namespace: "a" },
    spec: { nodeName: "n", containers: [{ name: "x" }, { name: "y" }] },
    status: { podIP: "10.1.0.5" },
  } as never);
}

/** The handlers behind a TLS door, and what is behind them. */
export async function withDoor(
  far: (request: Request) => Response | Promise<Response>,
  body: (door: Door, authority: string, fixture: ConnectFixture) => Promise<void>,
): Promise<void> {
  const fixture = openFixture(far);
  putPod(fixture.objects);
  const pki = await openPki(undefined, { clock: systemClock, random: seededRandom(1) });
  const { key, certificate } = await pki.serving("x", { commonName: "x", hosts: ["127.0.0.1"] });
  const door = await Door.open({
    host: "127.0.0.1",
    port: 0,
    credentials: { key, certificate },
    logger: silentLogger,
    clock: systemClock,
    handle: (request) => fixture.answer(request),
  });
  try {
    await body(door, pki.authority.certificate, fixture);
  } finally {
    await door.close();
    await fixture.close();
  }
}
