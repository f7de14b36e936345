import { Buffer } from "node:buffer";
import { ApiError, type Clock, internalError, notImplemented } from "../../base/mod.ts";
import { type PausablePipe, TAKEN_STATUS, takeSilently } from "../../serving/mod.ts";
import { bridge } from "./message_bridge.ts";
import { upgraded } from "../upgraded.ts";
import { upgradeHeaders } from "./proxy_headers.ts";

const HEAD_MAXIMUM_BYTES = 64 * 1024;
/** A backend that answers no upgrade within that time is given up; so is one that refuses without an end. */
const ANSWER_TIMEOUT_MILLISECONDS = 30_000;

/**
 * Passes a request that upgrades on to a backend, whatever it upgrades to. Once the backend has agreed, bytes go both
 * ways until one side ends. Its refusal is passed back and is the connection's end: what the client sends then never
 * reaches the backend.
 */
export async function proxyUpgrade(
  request: Request,
  path: string,
  clock: Clock,
  connect: () => Promise<PausablePipe>,
  /** Headers that the backend gets beside those of the client, or in their place. */
  more: readonly (readonly [string, string])[] = [],
): Promise<Response> {
  const backend = await connect();
  backend.send(requestBytes(request, path, more));
  const answer = await readHead(backend, clock);
  if (answer.status !== 101 && answer.status < 400) {
    backend.close();
    throw internalError(`invalid upgrade response: status code ${answer.status}`);
  }
  const client = takeSilently(request);
  if (client === undefined) {
    backend.close();
    throw notImplemented("upgrading a proxied connection that has carried other requests");
  }
  client.send(answer.bytes);
  const response = new Response(null, { status: TAKEN_STATUS });
  if (answer.status === 101) return upgraded(response, bridge(client, answer.backend, clock));
  refuse(client, answer, clock);
  return response;
}

/** Lets the client read a refusal to its end, and say nothing more. */
function refuse(client: PausablePipe, { backend, bytes }: Head, clock: Clock): void {
  const end = () => {
    timer.cancel();
    backend.close();
    client.close();
  };
  const timer = clock.after(ANSWER_TIMEOUT_MILLISECONDS, end);
  const length = /\r\ncontent-length:\s*([0-9]{1,15})\s*\r\n/i.exec(latin1(bytes))?.[1];
  let missing = length === undefined ? Infinity : Number(length);
  client.receive(() => {}, end);
  if (missing === 0) return end();
  backend.receive((body) => {
    client.send(body);
    missing -= body.length;
    if (missing <= 0 || (length === undefined && latin1(body).endsWith(LAST_CHUNK))) end();
  }, end);
}

const LAST_CHUNK = "0\r\n\r\n";

function requestBytes(
  request: Request,
  path: string,
  more: readonly (readonly [string, string])[],
): Uint8Array {
  let text = `${request.method} ${path} HTTP/1.1\r\n`;
  const headers = upgradeHeaders(request.headers);
  for (const [name] of more) headers.delete(name);
  for (const [name, value] of [...headers, ...more]) text += `${name}: ${value}\r\n`;
  return new Uint8Array(Buffer.from(`${text}\r\n`, "latin1"));
}

interface Head {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** The backend's connection behind its head. */
  readonly backend: PausablePipe;
}

/** Reads up to the end of an answer's head. What comes behind it waits for a receiver. */
function readHead(pipe: PausablePipe, clock: Clock): Promise<Head> {
  return new Promise((resolve, reject) => {
    let bytes: Uint8Array = new Uint8Array();
    let onMessage: ((message: Uint8Array) => void) | undefined;
    let onEnd: ((error?: Error) => void) | undefined;
    let ended: { error?: Error } | undefined;
    const fail = (why: string) => {
      timer.cancel();
      pipe.close();
      reject(new ApiError(500, "", `error dialing backend: ${why}`));
    };
    const timer = clock.after(ANSWER_TIMEOUT_MILLISECONDS, () => fail("no answer to the upgrade"));
    const found = (end: number) => {
      timer.cancel();
      pipe.pause();
      const rest = bytes.slice(end);
      const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(latin1(bytes.subarray(0, 16)))?.[1];
      if (status === undefined) return fail("malformed HTTP response");
      const backend: PausablePipe = {
        send: (message) => pipe.send(message),
        get buffered() {
          return pipe.buffered;
        },
        receive(message, finished) {
          onMessage = message;
          onEnd = finished;
          if (rest.length > 0) message(rest);
          if (ended !== undefined) return finished(ended.error);
          pipe.resume();
        },
        pause: () => pipe.pause(),
        resume: () => pipe.resume(),
        close: () => pipe.close(),
      };
      resolve({ status: Number(status), bytes: bytes.slice(0, end), backend });
    };
    pipe.receive((message) => {
      if (onMessage !== undefined) return onMessage(message);
      bytes = new Uint8Array(Buffer.concat([bytes, message]));
      const end = Buffer.from(bytes).indexOf("\r\n\r\n");
      if (end >= 0) found(end + 4);
      else if (bytes.length > HEAD_MAXIMUM_BYTES) fail("the answer's head is too large");
    }, (error) => {
      ended = error === undefined ? {} : { error };
      if (onEnd !== undefined) onEnd(error);
      else fail(error?.message ?? "EOF");
    });
  });
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
