import assert from "node:assert/strict";
import { InFlightGate, tooManyInFlight } from "./flow_control.ts";
import { parseRequestInfo } from "./request_info.ts";

const user = { username: "u", groups: ["system:authenticated"] };
const info = (method: string, path: string, query = "") =>
  parseRequestInfo(method, path, new URLSearchParams(query));

Deno.test("InFlightGate bounds reading and writing requests apart", () => {
  const gate = new InFlightGate({ readOnly: 1, mutating: 1 });
  const read = gate.enter(info("GET", "/api/v1/pods"), user);
  assert.ok(read);
  assert.equal(gate.enter(info("GET", "/version"), user), undefined);
  const write = gate.enter(info("POST", "/api/v1/namespaces"), user);
  assert.ok(write);
  assert.equal(gate.enter(info("DELETE", "/api/v1/namespaces/a"), user), undefined);
  assert.deepEqual([gate.readOnly, gate.mutating], [1, 1]);
  read();
  write();
  assert.deepEqual([gate.readOnly, gate.mutating], [0, 0]);
});

Deno.test("InFlightGate counts neither watches nor masters", () => {
  const gate = new InFlightGate({ readOnly: 0, mutating: 0 });
  const master = { username: "admin", groups: ["system:masters"] };
  assert.ok(gate.enter(info("GET", "/api/v1/pods", "watch=true"), user));
  assert.ok(gate.enter(info("GET", "/api/v1/namespaces/a/pods/b/log"), user));
  assert.ok(gate.enter(info("POST", "/api/v1/namespaces"), master));
  assert.equal(gate.enter(info("GET", "/api/v1/pods"), user), undefined);
});

Deno.test("tooManyInFlight says when to come again", () => {
  const response = tooManyInFlight();
  assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "1"]);
});
