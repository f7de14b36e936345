import assert from "node:assert/strict";
import { passedHeaders, upgradeHeaders } from "./proxy_headers.ts";

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
