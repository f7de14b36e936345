import type { ApiClient } from "../api_client.ts";
import { measure, type Row } from "../measure.ts";

const OBJECTS = 3_000;
const PAGE = 500;

/** Creates, gets and lists objects as the custom resource's are: what these cost is to be compared. */
export async function measureWholeLife(
  clients: readonly ApiClient[],
  title: string,
  path: string,
  seconds: number,
  object: { readonly name: (i: number) => string; readonly body: (i: number) => unknown },
): Promise<Row[]> {
  const bodies = Array.from({ length: OBJECTS }, (_, i) => JSON.stringify(object.body(i)));
  const created = await measure(
    { name: `${title}: create`, workers: clients.length, operations: OBJECTS },
    async (worker, i) => void await clients[worker]!.request("POST", path, bodies[i]!),
  );
  const stored = await clients[0]!.request("GET", `${path}/${object.name(1)}`);
  return [
    { ...created, bytes: stored.length },
    await read(`${title}: get`, (i) => `${path}/${object.name((i * 7919) % OBJECTS)}`),
    await read(`${title}: list of ${PAGE}`, () => `${path}?limit=${PAGE}`),
  ];

  async function read(name: string, url: (i: number) => string): Promise<Row> {
    let bytes = 0;
    const load = { name, workers: clients.length, operations: Infinity, seconds };
    const row = await measure(load, async (worker, i) => {
      const answer = await clients[worker]!.request("GET", url(i));
      bytes += answer.length;
    });
    return { ...row, bytes: bytes / Math.max(1, row.operations) };
  }
}
