import { badRequest, type Clock, sleep } from "../../base/mod.ts";
import {
  chooseProtocol,
  NORMAL_CLOSURE,
  SEND_WAITING_MAXIMUM_BYTES,
  upgradeWebSocket,
} from "../../serving/mod.ts";
import { refuseSubprotocol } from "./client_socket.ts";
import { upgradedSocket } from "../upgraded.ts";

const BINARY = "binary.k8s.io";
const BASE64 = "base64.binary.k8s.io";
const SEND_POLL_MILLISECONDS = 5;
/** Base64 is made of pieces that a function call takes as arguments. */
const PIECE_BYTES = 6 * 1024;

/** A log as messages of a WebSocket: bytes, or their base64 where the client asks for that. First comes an empty one. */
export function logSocket(
  request: Request,
  open: () => Promise<ReadableStream<Uint8Array> | null>,
  clock: Clock,
): Promise<Response> {
  const chosen = chooseProtocol(request, [BINARY, BASE64]);
  if (chosen === undefined) return Promise.resolve(refuseSubprotocol(request, [BASE64, BINARY]));
  return open().then((body) => {
    let upgraded: Deno.WebSocketUpgrade;
    try {
      upgraded = upgrade(request, chosen);
    } catch (error) {
      body?.cancel().catch(() => {});
      throw error;
    }
    const { socket } = upgraded;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      void send(socket, body, chosen, clock);
    });
    // The client may leave before the socket opens.
    socket.addEventListener("close", () => {
      if (!opened) body?.cancel().catch(() => {});
    });
    return upgradedSocket(upgraded);
  });
}

function upgrade(request: Request, chosen: string): Deno.WebSocketUpgrade {
  try {
    return upgradeWebSocket(request, chosen === "none" ? undefined : chosen);
  } catch (error) {
    throw badRequest(`unable to upgrade: ${error instanceof Error ? error.message : error}`);
  }
}

async function send(
  socket: WebSocket,
  body: ReadableStream<Uint8Array> | null,
  protocol: string,
  clock: Clock,
): Promise<void> {
  const reader = body?.getReader();
  socket.addEventListener("close", () => void reader?.cancel().catch(() => {}));
  const message = protocol === BASE64 ? base64 : (bytes: Uint8Array) => bytes;
  try {
    socket.send(message(new Uint8Array()) as string);
    for (let read; reader !== undefined && !(read = await reader.read()).done;) {
      while (socket.bufferedAmount > SEND_WAITING_MAXIMUM_BYTES && isOpen(socket)) {
        await sleep(clock, SEND_POLL_MILLISECONDS);
      }
      if (!isOpen(socket)) return;
      socket.send(message(read.value) as string);
    }
    if (isOpen(socket)) socket.close(NORMAL_CLOSURE);
  } catch {
    // The kubelet's end came in the middle: without a code the client knows that there was more.
    socket.close();
  }
}

const isOpen = (socket: WebSocket): boolean => socket.readyState === WebSocket.OPEN;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    text += String.fromCharCode(...bytes.subarray(from, from + PIECE_BYTES));
  }
  return btoa(text);
}
