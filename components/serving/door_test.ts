import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readableUpgrade } from "./door.ts";

const CASES: [string, string, string][] = [
  [
    "an upgrade without a body",
    "POST /exec HTTP/1.1\r\nContent-Length: 0\r\nUpgrade: SPDY/3.1\r\n\r\n",
    "POST /exec HTTP/1.1\r\nUpgrade: SPDY/3.1\r\n\r\n",
  ],
  ["an ordinary request", "POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", ""],
  [
    "a body that looks like one",
    "POST /a HTTP/1.1\r\nContent-Length: 44\r\n\r\n\r\nContent-Length: 0\r\nUpgrade: SPDY/3.1\r\n\r\n",
    "",
  ],
  ["another method", "GET / HTTP/1.1\r\nContent-Length: 0\r\nUpgrade: SPDY/3.1\r\n\r\n", ""],
];
for (const [name, sent, read] of CASES) {
  Deno.test(`readableUpgrade of ${name}`, () => {
    assert.equal(readableUpgrade(Buffer.from(sent)).toString(), read === "" ? sent : read);
  });
}
