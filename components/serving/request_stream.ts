import { Buffer } from "node:buffer";
import { type BodyFollower, ChunkedBody, SizedBody } from "./request_body.ts";
import { REQUEST_HEAD_MAXIMUM_BYTES, requestHead } from "./request_head.ts";

/** What becomes of bytes that a client has sent. */
export interface Passed {
  /** For the server that answers ordinary requests. */
  readonly pass: Buffer;
  /** The head of a request that wants the connection for itself, and what came behind it. */
  readonly upgrade?: Buffer;
}

const NOTHING = Buffer.alloc(0);
/** A body that no proxy passes on in one piece is no reason to count on with numbers that are none. */
const BODY_DIGITS_MAXIMUM = 15;

/**
 * Follows the requests of an HTTP/1.1 connection, to see each head whole before anybody acts on it. It never guesses:
 * where it is not sure where a request ends, or what protocol comes behind it, it sees no more heads on this connection.
 * So no body can pass for a request. Nor does it see one that does not wait for the answers before it.
 */
export class RequestStream {
  readonly #wants: (head: string) => boolean;
  #head: Buffer = NOTHING;
  #body: BodyFollower | undefined;
  #doubtful = false;

  /** `wants` says whether a head that names an upgrade is to have the connection for itself. */
  constructor(wants: (head: string) => boolean) {
    this.#wants = wants;
  }

  /** True while a head has begun that has not come whole. */
  get inHead(): boolean {
    return this.#head.length > 0;
  }

  push(bytes: Buffer): Passed {
    if (this.#doubtful) return { pass: bytes };
    const data = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    this.#head = NOTHING;
    for (let at = 0; at < data.length && !this.#doubtful;) {
      if (this.#body !== undefined) {
        at = this.#follow(this.#body, data, at);
        continue;
      }
      const rest = data.subarray(at);
      const head = requestHead(rest);
      if (head === undefined && rest.length < REQUEST_HEAD_MAXIMUM_BYTES) {
        this.#head = rest;
        return { pass: data.subarray(0, at) };
      }
      const another = head !== undefined && ANOTHER.test(head);
      if (another && at === 0 && this.#wants(head)) return { pass: NOTHING, upgrade: data };
      const body = head === undefined || another ? undefined : bodyBehind(head);
      if (head === undefined || body === undefined) this.#doubtful = true;
      else {
        at += head.length + 2;
        if (body !== "none") this.#body = body;
      }
    }
    return { pass: data };
  }

  #follow(body: BodyFollower, data: Buffer, at: number): number {
    const next = body.follow(data, at);
    if (body.over === undefined) this.#doubtful = true;
    else if (body.over) this.#body = undefined;
    return next;
  }
}

/** What comes behind a head; undefined where that is not plain. Pure. */
export function bodyBehind(head: string): BodyFollower | "none" | undefined {
  // Most requests have none, and are worth no more than two looks.
  if (!FRAMING.test(head)) return ODD.test(head) ? undefined : "none";
  if (ODD.test(head)) return undefined;
  const values = head.split("\r\n").slice(1, -1).flatMap((line) => {
    const at = line.indexOf(":");
    const name = line.slice(0, at).toLowerCase();
    return name === "content-length" || name === "transfer-encoding"
      ? [[name, line.slice(at + 1).trim().toLowerCase()]]
      : [];
  });
  const [first, ...more] = values;
  if (first === undefined) return "none";
  const [name, value = ""] = first;
  if (more.length > 0) return undefined;
  if (name === "transfer-encoding") return value === "chunked" ? new ChunkedBody() : undefined;
  if (!/^\d+$/.test(value) || value.length > BODY_DIGITS_MAXIMUM) return undefined;
  return Number(value) === 0 ? "none" : new SizedBody(Number(value));
}

/** What follows may be another protocol: a WebSocket's frames are no requests. */
const ANOTHER = /\r\nupgrade[ \t]*:|^CONNECT /i;
const FRAMING = /\r\n(?:content-length|transfer-encoding)/i;
/** Lines that others might read otherwise: those that go on, bare ends of lines, blanks before a colon, no name. */
const ODD = /\r\n[ \t:]|\r(?!\n)|(?<!\r)\n|\0|\r\n[^:\r\n]*[ \t]:|\r\n[^:\r\n]+\r\n/;
