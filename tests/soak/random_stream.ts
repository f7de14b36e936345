import { Buffer } from "node:buffer";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import { damage } from "./damage.ts";
import { http2Bytes } from "./http2_bytes.ts";
import { pick } from "./random_object.ts";
import { spdyBytes } from "./spdy_bytes.ts";
import { webSocketBytes } from "./web_socket_bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a client says on a connection of its own. */
export interface RawStream {
  readonly what: string;
  readonly alpn: "http/1.1" | "h2";
  /** The request as it is written, piece by piece. */
  readonly head: readonly Bytes[];
  /** The head is a whole request: the server must answer it before anything else is said. */
  readonly whole: boolean;
  /** What is said behind the head, whatever the answer was. */
  readonly tail: Bytes;
  /** The client goes without a word, instead of ending its side and reading on. */
  readonly abrupt: boolean;
  /** What the answer must be. */
  readonly status?: number;
  /** Shows the administrator's certificate. */
  readonly certified: boolean;
}

const POD = "/api/v1/namespaces/default/pods/web";
// deno-fmt-ignore
const EXEC_QUERIES = [
  "command=x&stdout=1&stderr=1", "command=x&stdin=1&stdout=1&tty=1", "command=x&stdin=true&stdout=true", "", "command=",
  "command=x&container=none&stdout=1", "stdin=x&tty=%00", "command=x&stdin=1",
];
// deno-fmt-ignore
const PORT_QUERIES = ["", "ports=80", "ports=80,81", "ports=0", "ports=x", "ports=65536", "ports=" + "1,".repeat(70) + "1"];
// deno-fmt-ignore
const LOG_QUERIES = ["", "follow=true", "follow=true&tailLines=1", "tailLines=-1", "container=x", "sinceTime=x", "limitBytes=1"];
// deno-fmt-ignore
const WATCH_QUERIES = [
  "watch=true", "watch=true&resourceVersion=1", "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
  "watch=true&timeoutSeconds=100", "watch=true&fieldSelector=x", "watch=true&resourceVersion=99999999999",
];
const PATHS: readonly (readonly [string, readonly string[]])[] = [
  [`${POD}/exec`, EXEC_QUERIES],
  [`${POD}/attach`, EXEC_QUERIES],
  [`${POD}/portforward`, PORT_QUERIES],
  [`${POD}/log`, LOG_QUERIES],
  ["/api/v1/namespaces/default/pods/none/proxy/a", [""]],
  ["/api/v1/namespaces/default/pods", WATCH_QUERIES],
  ["/api/v1/namespaces/default/pods/none/exec", EXEC_QUERIES],
  ["/tunnel/v1/nodes/x", [""]],
  ["/tunnel/v1/nodes/%zz", [""]],
];
// deno-fmt-ignore
const PROTOCOLS = [
  "v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io", "v4.base64.channel.k8s.io",
  "SPDY/3.1+portforward.k8s.io", "spdy-3.1.portforward.k8s.io", "portforward.k8s.io", "binary.k8s.io",
  "base64.binary.k8s.io", "base64url.bearer.authorization.k8s.io.%%%", "base64url.bearer.authorization.k8s.io.YQ",
  "", ",,,", "x".repeat(4_000), "v5.channel.k8s.io,v4.channel.k8s.io", "v6.channel.k8s.io, v4.channel.k8s.io", "none", "undefined",
];
const SPDY_VERSIONS = [
  "v4.channel.k8s.io",
  "v2.channel.k8s.io",
  "portforward.k8s.io",
  "",
  "x",
  ",",
];
// deno-fmt-ignore
const ODD_HEADERS = [
  "connection: close", "upgrade: h2c", "upgrade: ", "host: ", "host: a b", "host: [", "content-length: 5", "content-length: -1",
  "content-length: 0, 5", "transfer-encoding: chunked", "transfer-encoding: x", "expect: 100-continue", "te: trailers",
  "sec-websocket-version: 8", "sec-websocket-key: x", "sec-websocket-extensions: permessage-deflate; server_max_window_bits=99",
  "x: " + "y".repeat(3_000), "a:b", ": b", "a b: c", "a", "x:\u0000", "authorization: Bearer a.b.c", "origin: http://a",
  "connection: not-an-upgrade", "keep-alive: timeout=0", " folded", "impersonate-user: a", "accept-encoding: gzip;q=x",
];

/** A stream of any kind that is opened over the API server's front door, right or damaged. */
export function randomStream(random: Random): RawStream {
  const kind = random.next();
  if (kind < 0.35) return upgraded(random, "websocket");
  if (kind < 0.7) return upgraded(random, "spdy");
  if (kind < 0.85) return plain(random);
  return {
    what: "HTTP/2",
    alpn: "h2",
    head: [http2Bytes(random)],
    whole: false,
    tail: new Uint8Array(),
    abrupt: random.next() < 0.3,
    certified: true,
  };
}

function upgraded(random: Random, carrier: "websocket" | "spdy"): RawStream {
  const spdy = carrier === "spdy";
  const lines = [
    `${pick(random, spdy ? ["POST", "POST", "GET"] : ["GET", "GET", "GET", "POST"])} ` +
    `${randomTarget(random)} HTTP/1.1`,
    "host: 127.0.0.1",
    random.next() < 0.9 ? "connection: Upgrade" : "connection: keep-alive, not-upgrade",
    spdy
      ? "upgrade: SPDY/3.1"
      : `upgrade: ${pick(random, ["websocket", "websocket", "WebSocket"])}`,
  ];
  if (spdy) {
    for (let times = randomInteger(random, 3); times >= 0; times--) {
      lines.push(`x-stream-protocol-version: ${pick(random, SPDY_VERSIONS)}`);
    }
  } else {
    lines.push("sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==");
    if (random.next() < 0.9) lines.push(`sec-websocket-protocol: ${pick(random, PROTOCOLS)}`);
  }
  const odd = random.next() < 0.25;
  if (odd) lines.splice(1 + randomInteger(random, lines.length), 0, pick(random, ODD_HEADERS));
  const text = `${lines.join("\r\n")}\r\n\r\n`;
  return {
    what: `${carrier}: ${JSON.stringify(text.slice(0, 600))}`,
    alpn: "http/1.1",
    head: pieces(random, latin1(text)),
    // With a body or a damaged head the server may wait for more, as it must.
    whole: !odd,
    tail: spdy ? spdyBytes(random) : webSocketBytes(random),
    abrupt: random.next() < 0.3,
    certified: true,
  };
}

function plain(random: Random): RawStream {
  const lines = [
    `${pick(random, ["GET", "GET", "PRI", "g", "", "POST", "CONNECT"])} ${randomTarget(random)} ` +
    pick(random, ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]),
    "host: 127.0.0.1",
  ];
  while (random.next() < 0.6) lines.push(pick(random, ODD_HEADERS));
  let bytes = latin1(`${lines.join(pick(random, ["\r\n", "\r\n", "\n", "\r"]))}\r\n\r\n`);
  if (random.next() < 0.5) bytes = damage(random, bytes);
  if (random.next() < 0.03) bytes = latin1(`GET / HTTP/1.1\r\n${"a: b\r\n".repeat(30_000)}\r\n`);
  return {
    what: `HTTP/1.1: ${JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 600)))}`,
    alpn: "http/1.1",
    head: pieces(random, bytes),
    whole: false,
    tail: new Uint8Array(),
    abrupt: random.next() < 0.3,
    certified: true,
  };
}

function randomTarget(random: Random): string {
  const [path, queries] = pick(random, PATHS);
  const query = pick(random, queries);
  const target = query === "" ? path : `${path}?${query}`;
  return random.next() < 0.05 ? `${target}${pick(random, ["%", "?", "/..", "#a", "//"])}` : target;
}

/** As one write, or as a slow sender writes. */
function pieces(random: Random, bytes: Bytes): Bytes[] {
  if (random.next() < 0.8) return [bytes];
  const size = Math.ceil(bytes.length / (2 + randomInteger(random, 30)));
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
}

export function latin1(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
