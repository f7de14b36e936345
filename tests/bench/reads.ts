import type { ApiClient } from "./api_client.ts";
import { measure, type Row } from "./measure.ts";
import { LABEL, LABELLED, podName, PODS } from "./pods.ts";

export const PAGE = 500;

export function measureGet(clients: ApiClient[], pods: string, seconds: number): Promise<Row> {
  return read("get", clients, seconds, (i) => `${pods}/${podName((i * 7919) % PODS)}`);
}

export function measureList(clients: ApiClient[], pods: string, seconds: number): Promise<Row> {
  return read(`list of ${PAGE}`, clients, seconds, () => `${pods}?limit=${PAGE}`);
}

/** Answers that hold other than the labelled pods count as errors: a fast wrong answer is none. */
export async function measureListByLabel(
  clients: ApiClient[],
  pods: string,
  seconds: number,
): Promise<Row> {
  const path = `${pods}?labelSelector=${encodeURIComponent(LABEL)}`;
  const { items } = await clients[0]!.json<{ items: unknown[] }>("GET", path);
  const row = await read(`list by label (${LABELLED} of ${PODS})`, clients, seconds, () => path);
  return items.length === LABELLED
    ? row
    : { ...row, errors: row.operations, firstError: `${items.length} items in the answer` };
}

async function read(
  name: string,
  clients: ApiClient[],
  seconds: number,
  path: (i: number) => string,
): Promise<Row> {
  let bytes = 0;
  const load = { name, workers: clients.length, operations: Infinity, seconds };
  const row = await measure(load, async (worker, i) => {
    const answer = await clients[worker]!.request("GET", path(i));
    bytes += answer.length;
  });
  return { ...row, bytes: bytes / Math.max(1, row.operations) };
}
