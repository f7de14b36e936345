import assert from "node:assert/strict";
import { isRawUpgrade } from "./request_head.ts";

const EXEC = "POST /api/v1/namespaces/a/pods/p/exec HTTP/1.1\r\n";
const PROXY = "GET /api/v1/namespaces/a/services/s:80/proxy";

const CASES: [string, string, boolean][] = [
  ["SPDY", `${EXEC}Content-Length: 0\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n`, true],
  [
    "SPDY in other letters",
    `${EXEC}UPGRADE: spdy/3.1\r\nconnection: keep-alive, upgrade\r\n`,
    true,
  ],
  ["SPDY that its connection does not name", `${EXEC}Upgrade: SPDY/3.1\r\n`, false],
  [
    "SPDY whose connection names something alike",
    `${EXEC}Upgrade: SPDY/3.1\r\nConnection: keep-alive, not-upgrade\r\n`,
    false,
  ],
  [
    "SPDY behind a body",
    `${EXEC}Content-Length: 4\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n`,
    false,
  ],
  ["a WebSocket of exec", `${EXEC}Upgrade: websocket\r\nConnection: Upgrade\r\n`, true],
  [
    "a WebSocket of a kubelet",
    "GET /attach/a/p/c?input=1 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    true,
  ],
  [
    "a WebSocket of a watch",
    "GET /api/v1/pods?watch=1&a=/pods/p/exec HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    false,
  ],
  [
    "a WebSocket to a backend",
    `${PROXY}/ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`,
    true,
  ],
  [
    "a WebSocket to a backend's root",
    `${PROXY} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`,
    true,
  ],
  [
    "a WebSocket whose query speaks of a proxy",
    `GET /x?/pods/a/proxy/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`,
    false,
  ],
  ["an ordinary request", `${EXEC}Content-Length: 0\r\n`, false],
  ["nothing", "", false],
];
for (const [name, head, raw] of CASES) {
  Deno.test(`isRawUpgrade of ${name}`, () => assert.equal(isRawUpgrade(head), raw));
}
