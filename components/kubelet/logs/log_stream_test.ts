import assert from "node:assert/strict";
import { logOptions } from "./log_options.ts";
import { replayLog } from "./log_replay.ts";
import { logStream } from "./log_stream.ts";
import { logTail } from "./log_tail.ts";

const LINES = [
  "2026-01-01T00:00:00.000000001Z stdout F one",
  "2026-01-01T00:00:10.000000000Z stderr P tw",
  "2026-01-01T00:00:10.000000001Z stderr F o",
  "not an entry",
  "2026-01-01T00:00:20.000000000Z stdout F three",
];

const still = { running: () => false, changed: () => new Promise<void>(() => {}) };

async function withLog(lines: readonly string[], use: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""));
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

const cases: [string, string][] = [
  ["", "one\ntwo\nthree\n"],
  ["tailLines=1", "three\n"],
  ["tailLines=0", ""],
  ["tailLines=100", "one\ntwo\nthree\n"],
  ["limitBytes=5", "one\nt"],
  ["sinceTime=2026-01-01T00:00:15Z", "three\n"],
  ["sinceSeconds=15", "two\nthree\n"],
  [
    "timestamps=true",
    "2026-01-01T00:00:00.000000001Z one\n2026-01-01T00:00:10.000000000Z two\n" +
    "2026-01-01T00:00:20.000000000Z three\n",
  ],
  ["follow=true", "one\ntwo\nthree\n"],
];

for (const [query, expected] of cases) {
  Deno.test(`logStream answers ${query === "" ? "everything" : query}`, async () => {
    await withLog(LINES, async (path) => {
      const options = logOptions(new URLSearchParams(query), Date.UTC(2026, 0, 1, 0, 0, 20));
      assert.ok(typeof options !== "string");
      assert.equal(await new Response(logStream(path, options, still)).text(), expected);
    });
  });
}

Deno.test("logOptions refuses what makes no sense", () => {
  for (const query of ["tailLines=-1", "tailLines=x", "limitBytes=0", "sinceTime=soon"]) {
    assert.equal(typeof logOptions(new URLSearchParams(query), 0), "string", query);
  }
});

Deno.test("logStream follows what is written until the container ends", async () => {
  await withLog(LINES.slice(0, 1), async (path) => {
    let running = true;
    let changed = Promise.withResolvers<void>();
    const owner = { running: () => running, changed: () => changed.promise };
    const options = { follow: true, previous: false, timestamps: false };
    const bytes = logStream(path, options, owner).getReader();
    const reader = {
      async read() {
        const { done, value } = await bytes.read();
        return { done, value: new TextDecoder().decode(value) };
      },
    };
    assert.equal((await reader.read()).value, "one\n");
    await Deno.writeTextFile(path, "2026-01-01T00:00:30Z stdout F four\n", { append: true });
    assert.equal((await reader.read()).value, "four\n");
    await Deno.truncate(path);
    await Deno.writeTextFile(path, "2026-01-01T00:00:40Z stdout F five\n", { append: true });
    assert.equal((await reader.read()).value, "five\n");
    await Deno.writeTextFile(path, "2026-01-01T00:00:50Z stdout F last\n", { append: true });
    running = false;
    changed.resolve();
    changed = Promise.withResolvers();
    assert.equal((await reader.read()).value, "last\n");
    assert.equal((await reader.read()).done, true);
    changed.resolve();
  });
});

Deno.test("logStream ends when its reader goes", async () => {
  await withLog(LINES, async (path) => {
    const owner = { running: () => true, changed: () => new Promise<void>(() => {}) };
    const stream = logStream(path, { follow: true, previous: false, timestamps: false }, owner);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
  });
});

Deno.test("logTail gives the last lines, cut to its bytes", async () => {
  await withLog(LINES, async (path) => {
    assert.equal(await logTail(path, 3, 2048), "o\nthree\n");
    assert.equal(await logTail(path, 80, 6), "three\n");
    assert.equal(await logTail(`${path}-none`, 1, 1), undefined);
  });
});

Deno.test("replayLog gives each stream what it had, and leaves it open", async () => {
  await withLog([...LINES, "2026-01-01T00:00:21.000000000Z stdout P and"], async (path) => {
    const texts = { stdout: "", stderr: "" };
    const decoder = new TextDecoder();
    const collect = (stream: keyof typeof texts) =>
      new WritableStream<Uint8Array>({
        write: (bytes) => void (texts[stream] += decoder.decode(bytes)),
      });
    const outputs = { stdout: collect("stdout"), stderr: collect("stderr") };
    await replayLog(path, outputs);
    const writer = outputs.stdout.getWriter();
    await writer.write(new TextEncoder().encode(" so on"));
    assert.deepEqual(texts, { stdout: "one\nthree\nand so on", stderr: "two\n" });
    await replayLog("/nowhere", { stdout: undefined, stderr: undefined });
  });
});
