import type { ApiClient } from "../api_client.ts";
import { measure, type Row } from "../measure.ts";
import type { ServerProcess } from "./server_process.ts";

const PAGE = 500;

export interface Filling {
  readonly name: string;
  /** The collection's path. */
  readonly path: string;
  readonly objects: number;
  readonly body: (i: number) => unknown;
}

export interface Filled {
  readonly rows: readonly Row[];
  /** Resident memory that came with them, divided by their number; undefined where it cannot be known. */
  readonly bytesPerObject: number | undefined;
  /** Of the JSON that the server answers. */
  readonly objectBytes: number;
}

/** Creates all objects, then reads them in pages by one client. `settled` resolves when garbage has been collected. */
export async function fill(
  clients: readonly ApiClient[],
  { name, path, objects, body }: Filling,
  server: ServerProcess,
  settled: () => Promise<void>,
): Promise<Filled> {
  const before = await server.resident();
  const [created, seconds] = await server.during(() =>
    measure(
      { name: `create ${name}`, workers: clients.length, operations: objects },
      async (worker, i) =>
        void await clients[worker]!.request("POST", path, JSON.stringify(body(i))),
    )
  );
  const pages = await readPages(clients[0]!, path, objects, `${name}: a page of ${PAGE}`);
  await settled();
  const after = await server.resident();
  const grown = before === undefined || after === undefined ? undefined : after - before;
  return {
    rows: [{ ...created, ...processorOf(seconds, created.operations) }, pages],
    bytesPerObject: grown === undefined ? undefined : grown * 1024 * 1024 / objects,
    objectBytes: pages.bytes === undefined ? 0 : pages.bytes / Math.min(PAGE, objects),
  };
}

/** Pages that hold another number of objects than there are count as one error. */
async function readPages(
  client: ApiClient,
  path: string,
  objects: number,
  name: string,
): Promise<Row> {
  interface Page {
    readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number };
    readonly items: readonly unknown[];
  }
  // There may be more than was created here: a namespace begins with some.
  const { metadata } = await client.json<Page>("GET", `${path}?limit=1`);
  const total = 1 + (metadata.remainingItemCount ?? 0);
  let token = "";
  let seen = 0;
  let firstBytes = 0;
  const pages = Math.ceil(total / PAGE);
  const row = await measure({ name, workers: 1, operations: pages }, async (_, i) => {
    const query = token === "" ? "" : `&continue=${encodeURIComponent(token)}`;
    const bytes = await client.request("GET", `${path}?limit=${PAGE}${query}`);
    if (i === 0) firstBytes = bytes.length;
    const page = JSON.parse(new TextDecoder().decode(bytes)) as Page;
    token = page.metadata.continue ?? "";
    seen += page.items.length;
  });
  return {
    ...row,
    bytes: firstBytes,
    ...(seen === total && total >= objects && token === ""
      ? {}
      : { errors: row.errors + 1, firstError: row.firstError ?? `${seen} objects in all pages` }),
  };
}

export function processorOf(
  seconds: number | undefined,
  operations: number,
): { processorMicroseconds?: number } {
  return seconds === undefined || operations === 0
    ? {}
    : { processorMicroseconds: seconds * 1e6 / operations };
}
