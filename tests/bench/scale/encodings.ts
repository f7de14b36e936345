import { type Access, ApiClient } from "../api_client.ts";
import { measure, type Row } from "../measure.ts";
import { processorOf } from "./filling.ts";
import type { ServerProcess } from "./server_process.ts";

const CLIENTS = 8;
const TYPES = {
  JSON: "application/json",
  protobuf: "application/vnd.kubernetes.protobuf",
} as const;

/** Gets and lists of one collection in both encodings; all objects are named by `name`. */
export async function measureEncodings(
  access: Access,
  title: string,
  path: string,
  objects: number,
  name: (i: number) => string,
  seconds: number,
  server: ServerProcess,
): Promise<Row[]> {
  const rows: Row[] = [];
  const last = Math.max(0, objects - 500);
  const reads: [string, (i: number) => string][] = [
    [`get ${title}`, (i) => `${path}/${name((i * 7919) % objects)}`],
    [`list of 500 ${title}`, () => `${path}?limit=500`],
    [`list of 500 ${title}, others each time`, (i) => pageAt(path, name, i * 500 % (last + 1))],
  ];
  for (const [read, url] of reads) {
    for (const [encoding, accept] of Object.entries(TYPES)) {
      const clients = Array.from({ length: CLIENTS }, () => new ApiClient(access, accept));
      let bytes = 0;
      const load = {
        name: `${read}, ${encoding}`,
        workers: CLIENTS,
        operations: Infinity,
        seconds,
      };
      const [row, used] = await server.during(() =>
        measure(load, async (worker, i) => {
          const answer = await clients[worker]!.request("GET", url(i));
          bytes += answer.length;
        })
      );
      for (const client of clients) client.close();
      rows.push({
        ...row,
        bytes: bytes / Math.max(1, row.operations),
        ...processorOf(used, row.operations),
      });
    }
  }
  return rows;
}

/** A page that begins behind an object, as a client asks that had the page before it. */
function pageAt(path: string, name: (i: number) => string, after: number): string {
  const token = btoa(JSON.stringify({ v: "meta.k8s.io/v1", rv: -1, start: `${name(after)}\0` }));
  const text = token.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${path}?limit=500&continue=${text}`;
}
