import { type Access, ApiClient } from "./api_client.ts";
import { percentiles, type Row } from "./measure.ts";
import { podName, PODS } from "./pods.ts";

const WATCHERS = 50;
const WRITES = 1_000;
/** A pace that the slowest server measured can follow: the delay is asked for, not the throughput. */
const WRITES_PER_SECOND = 100;
const SETTLE_MILLISECONDS = 10_000;
const MARK = '"example.com/seq":"';

/** How long after a write was sent each of the watchers, each on its own connection, has seen its event. */
export async function measureWatch(
  access: Access,
  clients: ApiClient[],
  pods: string,
): Promise<Row> {
  const list = await clients[0]!.json<{ metadata: { resourceVersion: string } }>(
    "GET",
    `${pods}?limit=1`,
  );
  const sent: number[] = [];
  const delays: number[] = [];
  const all = Promise.withResolvers<void>();
  const abort = new AbortController();
  const watchers = Array.from({ length: WATCHERS }, () => new ApiClient(access));
  const path = `${pods}?watch=true&resourceVersion=${list.metadata.resourceVersion}`;
  const see = (text: string) => {
    const at = text.indexOf(MARK);
    if (at < 0) return;
    const start = at + MARK.length;
    const write = Number(text.slice(start, text.indexOf('"', start)));
    delays.push(performance.now() - sent[write]!);
    if (delays.length === WATCHERS * WRITES) all.resolve();
  };
  await Promise.all(watchers.map((watcher) => watcher.watch(path, abort.signal, see)));

  const started = performance.now();
  let firstError: string | undefined;
  const writes: Promise<unknown>[] = [];
  for (let i = 0; i < WRITES; i++) {
    const due = started + i * 1000 / WRITES_PER_SECOND;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const body = JSON.stringify({ metadata: { annotations: { "example.com/seq": `${i}` } } });
    sent[i] = performance.now();
    writes.push(
      clients[i % clients.length]!.request(
        "PATCH",
        `${pods}/${podName(i % PODS)}`,
        body,
        "application/merge-patch+json",
      ).catch((error) => firstError ??= String(error)),
    );
  }
  await Promise.all(writes);
  const seconds = (performance.now() - started) / 1000;
  const timeout = setTimeout(() => all.resolve(), SETTLE_MILLISECONDS);
  await all.promise;
  clearTimeout(timeout);
  abort.abort();
  for (const watcher of watchers) watcher.close();
  return {
    name: `watch, ${WATCHERS} watchers, ${WRITES_PER_SECOND} writes/s`,
    operations: delays.length,
    perSecond: delays.length / seconds,
    ...percentiles(delays),
    errors: WATCHERS * WRITES - delays.length,
    ...(firstError === undefined ? {} : { firstError }),
  };
}
