/** `componentstatuses`: what is asked when it is read, and stored nowhere. */
import type { ComponentHealth } from "../../../components/apiserver/mod.ts";
import { type Cases, testCases } from "./parity_case.ts";

const HEALTHY: ComponentHealth = { isHealthy: true, message: "ok", error: "" };
const REFUSED =
  'Get "https://127.0.0.1:10257/healthz": dial tcp 127.0.0.1:10257: connect: connection refused';
const PLACE = "/api/v1/componentstatuses";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const warns = ["v1 ComponentStatus is deprecated in v1.19+"];
const of = (name: string, condition: Record<string, string>) => ({
  metadata: { name },
  conditions: [{ type: "Healthy", ...condition }],
});
const SCHEDULER = of("scheduler", { status: "True", message: "ok" });
const MANAGER = of("controller-manager", { status: "False", message: REFUSED });
const ETCD = of("etcd-0", { status: "True", message: "ok" });

const CASES: Cases = {
  "a list asks all": [{
    send: `GET ${PLACE}`,
    code: 200,
    warns,
    has: {
      kind: "ComponentStatusList",
      apiVersion: "v1",
      items: [SCHEDULER, MANAGER, of("broken", { status: "False", error: "no way" }), ETCD],
    },
  }],
  "a table has upstream's columns": [{
    send: `GET ${PLACE}`,
    accept: TABLE,
    code: 200,
    warns,
    has: {
      kind: "Table",
      columnDefinitions: ["Name", "Status", "Message", "Error"].map((name) => ({ name })),
      rows: [
        ["scheduler", "Healthy", "ok", ""],
        ["controller-manager", "Unhealthy", REFUSED, ""],
        ["broken", "Unhealthy", "", "no way"],
        ["etcd-0", "Healthy", "ok", ""],
      ].map((cells) => ({ cells })),
    },
  }],
  "one is asked alone": [
    {
      send: `GET ${PLACE}/etcd-0`,
      code: 200,
      warns,
      has: { kind: "ComponentStatus", apiVersion: "v1", ...ETCD },
    },
    { send: `GET ${PLACE}/etcd-0`, accept: TABLE, code: 200, has: { rows: [{}] } },
    {
      send: `GET ${PLACE}/none`,
      code: 404,
      reason: "NotFound",
      message: 'componentstatuses "none" not found',
    },
  ],
  "a list is narrowed": [
    {
      send: `GET ${PLACE}?fieldSelector=metadata.name%3Detcd-0`,
      code: 200,
      has: { items: [ETCD] },
    },
    { send: `GET ${PLACE}?labelSelector=a%3Db`, code: 200, has: { items: [] } },
  ],
  "nothing else is done with them": [
    { send: `DELETE ${PLACE}/etcd-0`, code: 405, reason: "MethodNotAllowed" },
    { send: `POST ${PLACE}`, body: { metadata: { name: "x" } }, code: 405 },
    { send: `GET ${PLACE}?watch=1`, code: 405 },
    { send: `GET ${PLACE}`, user: "nobody", code: 403, reason: "Forbidden" },
  ],
};
testCases("component statuses", CASES, () =>
  Promise.resolve({
    names: {},
    more: {
      running: {
        components: new Map([
          ["scheduler", () => Promise.resolve(HEALTHY)],
          ["controller-manager", () =>
            Promise.resolve({ isHealthy: false, message: REFUSED, error: "" })],
          ["broken", () =>
            Promise.reject(new Error("no way"))],
        ]),
      },
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
