import type { ApiClient } from "./api_client.ts";
import { measure, type Row } from "./measure.ts";

const OBJECTS = 3_000;
const PAGE = 500;
const GROUP = "bench.example.com";
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const NAME = `orders.${GROUP}`;

/** A definition with what real ones have: defaults, a keyed list, patterns, a rule, columns. */
const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: NAME },
  spec: {
    group: GROUP,
    scope: "Namespaced",
    names: { plural: "orders", kind: "Order" },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      subresources: { status: {} },
      additionalPrinterColumns: [{ name: "Buyer", type: "string", jsonPath: ".spec.buyer" }],
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: {
            spec: {
              type: "object",
              required: ["buyer", "items"],
              "x-kubernetes-validations": [{
                rule: "self.items.all(i, i.count <= self.most)",
                message: "more of an item than may be ordered",
              }],
              properties: {
                buyer: { type: "string", pattern: "^[a-z][a-z0-9-]*$", maxLength: 63 },
                most: { type: "integer", default: 1000 },
                currency: { type: "string", enum: ["EUR", "USD", "JPY"], default: "EUR" },
                items: {
                  type: "array",
                  maxItems: 100,
                  "x-kubernetes-list-type": "map",
                  "x-kubernetes-list-map-keys": ["sku"],
                  items: {
                    type: "object",
                    required: ["sku", "count"],
                    properties: {
                      sku: { type: "string", maxLength: 40 },
                      count: { type: "integer", minimum: 1 },
                      price: { type: "string", default: "0" },
                      note: { type: "string" },
                    },
                  },
                },
                address: { type: "object", additionalProperties: { type: "string" } },
              },
            },
            status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        },
      },
    }],
  },
};

/** An object of about 3 KB as stored. */
function order(i: number): unknown {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: "Order",
    metadata: { name: orderName(i), labels: { app: "shop" } },
    spec: {
      buyer: `buyer-${i}`,
      items: Array.from({ length: 12 }, (_, item) => ({
        sku: `sku-${item}`,
        count: item + 1,
        note: "as it was ordered before, wrapped in paper",
      })),
      address: { street: "1 Example Street", city: "Exampletown", country: "EX" },
    },
  };
}

const orderName = (i: number): string => `order-${String(i).padStart(5, "0")}`;

/** Creates, reads and lists objects of a custom resource, which is made for it and deleted again. */
export async function measureCustomResources(
  clients: ApiClient[],
  namespace: string,
  seconds: number,
): Promise<Row[]> {
  const [client] = clients;
  await client!.request("POST", DEFINITIONS, JSON.stringify(DEFINITION));
  await established(client!);
  const orders = `/apis/${GROUP}/v1/namespaces/${namespace}/orders`;
  const bodies = Array.from({ length: OBJECTS }, (_, i) => JSON.stringify(order(i)));
  const created = await measure(
    { name: "custom: create", workers: clients.length, operations: OBJECTS },
    async (worker, i) => void await clients[worker]!.request("POST", orders, bodies[i]!),
  );
  const stored = await client!.request("GET", `${orders}/${orderName(1)}`);
  const rows = [
    { ...created, bytes: stored.length },
    await read("custom: get", (i) => `${orders}/${orderName((i * 7919) % OBJECTS)}`),
    await read(`custom: list of ${PAGE}`, () => `${orders}?limit=${PAGE}`),
  ];
  await client!.request("DELETE", `${DEFINITIONS}/${NAME}`);
  return rows;

  async function read(name: string, path: (i: number) => string): Promise<Row> {
    let bytes = 0;
    const load = { name, workers: clients.length, operations: Infinity, seconds };
    const row = await measure(load, async (worker, i) => {
      const answer = await clients[worker]!.request("GET", path(i));
      bytes += answer.length;
    });
    return { ...row, bytes: bytes / Math.max(1, row.operations) };
  }
}

async function established(client: ApiClient): Promise<void> {
  interface Definition {
    readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
  }
  for (;;) {
    const { status } = await client.json<Definition>("GET", `${DEFINITIONS}/${NAME}`);
    const done = status?.conditions?.some(({ type, status }) =>
      type === "Established" && status === "True"
    );
    if (done === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
