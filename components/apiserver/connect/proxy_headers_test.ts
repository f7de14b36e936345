import assert from "node:assert/strict";
import { connectionNames, forwardedFor, passedHeaders, upgradeHeaders } from "./proxy_headers.ts";

const SECRET = "c2VjcmV0";
const TOKEN = `base64url.bearer.authorization.k8s.io.${SECRET}`;
const from = new Headers({
  authorization: `Bearer ${SECRET}`,
  "impersonate-user": SECRET,
  "impersonate-extra-a": SECRET,
  "x-remote-user": SECRET,
  "x-remote-extra-a": SECRET,
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-protocol": `chat, ${TOKEN}, v2.chat`,
  accept: "text/plain",
});

Deno.test("what a client proved itself with goes no further", () => {
  for (const headers of [passedHeaders(from), upgradeHeaders(from)]) {
    assert.ok(!JSON.stringify([...headers]).includes(SECRET));
    assert.equal(headers.get("accept"), "text/plain");
  }
  assert.equal(upgradeHeaders(from).get("sec-websocket-protocol"), "chat, v2.chat");
  assert.equal(upgradeHeaders(from).get("upgrade"), "websocket");
  const alone = new Headers({ "sec-websocket-protocol": TOKEN });
  assert.equal(upgradeHeaders(alone).get("sec-websocket-protocol"), null);
});

Deno.test("what Connection lists and is no name of a header is passed over", () => {
  for (const connection of [undefined, "", "close, , X-Own", "a b, @, x-own"]) {
    const headers = new Headers(connection === undefined ? {} : { connection });
    const names = connectionNames(headers);
    assert.equal(names.has("x-own"), connection?.toLowerCase().includes("x-own") === true);
    // All of them can be taken away.
    for (const name of names) headers.delete(name);
    assert.deepEqual([...headers], []);
  }
});

Deno.test("a backend is told whom a request came through", () => {
  const cases: [string | undefined, string, string | undefined][] = [
    [undefined, "10.0.0.1:4711", "10.0.0.1"],
    [undefined, "::ffff:10.0.0.1:4711", "10.0.0.1"],
    [undefined, "fd00::1:4711", "fd00::1"],
    ["192.0.2.1", "10.0.0.1:4711", "192.0.2.1, 10.0.0.1"],
    ["192.0.2.1, 192.0.2.2", "10.0.0.1:1", "192.0.2.1, 192.0.2.2, 10.0.0.1"],
    ["192.0.2.1", "in-process", "192.0.2.1"],
    [undefined, "socket", undefined],
    [undefined, "", undefined],
  ];
  for (const [before, address, expected] of cases) {
    const headers = new Headers(before === undefined ? {} : { "x-forwarded-for": before });
    assert.deepEqual(
      forwardedFor(headers, address),
      expected === undefined ? [] : [["x-forwarded-for", expected]],
      address,
    );
  }
});
