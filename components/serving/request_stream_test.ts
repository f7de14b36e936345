import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RequestStream } from "./request_stream.ts";

const UPGRADE =
  "POST /exec HTTP/1.1\r\nhost: a\r\nupgrade: spdy/3.1\r\nconnection: upgrade\r\n\r\n";
const GET = "GET /a HTTP/1.1\r\nhost: a\r\n\r\n";
const sized = (body: string, length = `${body.length}`) =>
  `POST /b HTTP/1.1\r\nhost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;
const chunked = (body: string, coding = "chunked") =>
  `POST /c HTTP/1.1\r\nTransfer-Encoding: ${coding}\r\nhost: a\r\n\r\n${body}`;

/** What is passed on, and what wants the connection, where each of the texts comes in pieces of `size`. */
function pushed(
  texts: readonly string[],
  size: number,
): { pass: string; upgrade: string; inHead: boolean } {
  const stream = new RequestStream((head) => /\r\nupgrade: spdy/i.test(head));
  const pieces = texts.flatMap((text) => {
    const cuts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => i * size);
    return cuts.map((at) => text.slice(at, at + size));
  });
  let pass = "";
  for (const [i, piece] of pieces.entries()) {
    const result = stream.push(Buffer.from(piece, "latin1"));
    pass += result.pass.toString("latin1");
    if (result.upgrade !== undefined) {
      const upgrade = result.upgrade.toString("latin1") + pieces.slice(i + 1).join("");
      return { pass, upgrade, inHead: stream.inHead };
    }
  }
  return { pass, upgrade: "", inHead: stream.inHead };
}

/** What comes before a request that upgrades, and whether that is then seen. */
const CASES: [string, string, boolean][] = [
  ["nothing", "", true],
  ["a request", GET, true],
  ["many requests", GET.repeat(50), true],
  ["a body", sized("hello"), true],
  ["a body that looks like an upgrade", sized(UPGRADE), true],
  ["an empty body", sized(""), true],
  ["chunks", chunked("5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n") + GET, true],
  [
    "a chunk that looks like an upgrade",
    chunked(`${UPGRADE.length.toString(16)}\r\n${UPGRADE}\r\n0\r\n\r\n`),
    true,
  ],
  [
    "chunks with extensions and a trailer",
    chunked("1;a=b\r\nx\r\n0;c\r\nx-sum: 1\r\ny: 2\r\n\r\n"),
    true,
  ],
  ["chunks in large digits", chunked("A\r\n0123456789\r\n0\r\n\r\n"), true],
  ["two lengths", `POST / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nhello`, false],
  [
    "a length and chunks",
    `POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    false,
  ],
  ["a length that is none", sized("hello", "+5"), false],
  ["a length in a list", sized("hello", "5, 5"), false],
  ["a length without end", sized("hello", "5".repeat(30)), false],
  ["another coding", chunked("0\r\n\r\n", "gzip, chunked"), false],
  ["an unknown coding", chunked("0\r\n\r\n", "xchunked"), false],
  ["a chunk without a length", chunked("\r\nx\r\n0\r\n\r\n"), false],
  ["a chunk whose length is none", chunked("0x1\r\nx\r\n0\r\n\r\n"), false],
  ["a chunk longer than it says", chunked("1\r\nxx\r\n0\r\n\r\n"), false],
  ["a chunk whose line ends early", chunked("1\nx\r\n0\r\n\r\n"), false],
  [
    "a head with a line that goes on",
    "GET / HTTP/1.1\r\nx: a\r\n content-length: 3\r\n\r\n",
    false,
  ],
  ["a head with bare line ends", "GET / HTTP/1.1\r\nx: a\ncontent-length: 3\r\n\r\n", false],
  [
    "a head with a blank before its colon",
    "GET / HTTP/1.1\r\ncontent-length : 3\r\n\r\nabc",
    false,
  ],
  ["a head with a line without a name", "GET / HTTP/1.1\r\nabc\r\n\r\n", false],
];
for (const [name, before, seen] of CASES) {
  Deno.test(`RequestStream behind ${name}`, () => {
    const behind = "\x80\x00frames";
    for (const size of [1, 2, 7, 100_000]) {
      const { pass, upgrade } = pushed([before, UPGRADE + behind], size);
      assert.equal(upgrade, seen ? UPGRADE + behind : "", `in pieces of ${size}`);
      assert.equal(pass, seen ? before : before + UPGRADE + behind, `in pieces of ${size}`);
    }
  });
}

Deno.test("RequestStream holds a head until it is whole, and not more of it than a head may have", () => {
  assert.deepEqual(pushed([GET + GET.slice(0, 20)], 9), { pass: GET, upgrade: "", inHead: true });
  assert.deepEqual(pushed([sized("hello").slice(0, -2)], 9).inHead, false);
  const long = `GET / HTTP/1.1\r\nx: ${"y".repeat(70_000)}`;
  assert.deepEqual(pushed([long], 10_000), { pass: long, upgrade: "", inHead: false });
});

Deno.test("RequestStream leaves an upgrade alone that does not wait for the answers before it", () => {
  const all = GET + UPGRADE;
  assert.deepEqual(pushed([all], 1000), { pass: all, upgrade: "", inHead: false });
});

Deno.test("RequestStream passes on what comes behind an upgrade at once, whatever it is", () => {
  const upgrade = "GET /watch HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  for (const frames of ["\x82\x01a", "G", "GET / HTTP", "\r\n"]) {
    assert.deepEqual(pushed([upgrade, frames], 1), {
      pass: upgrade + frames,
      upgrade: "",
      inHead: false,
    });
  }
});
