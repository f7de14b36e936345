import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { writeBody } from "./body.ts";
import { STREAMED_MINIMUM_BYTES } from "./gzip.ts";
import { PLAIN, PROTOBUF_TYPE } from "./negotiate.ts";
import { heldBody, PieceBody } from "./piece_body.ts";
import { responseSize } from "./response_size.ts";

/** Pieces of these sizes, and how many of them were made. */
function bodyOf(sizes: readonly number[]): { body: PieceBody; bytes: Uint8Array; made: number } {
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  for (let i = 0; i < bytes.length; i++) bytes[i] = 32 + i % 90;
  const result = {
    bytes,
    made: 0,
    body: new PieceBody(bytes.length, function* () {
      let at = 0;
      for (const size of sizes) {
        result.made++;
        yield bytes.subarray(at, at += size);
      }
    }),
  };
  return result;
}

const ask = (encoding = "identity", method = "GET") =>
  new Request("http://x/", { method, headers: { "accept-encoding": encoding } });
const protobuf = { ...PLAIN, mediaType: PROTOBUF_TYPE } as const;

Deno.test("pieces of any size are joined, and none is lost", () => {
  const large = 128 * 1024;
  const cases = [
    [],
    [0],
    [1],
    [1, 2, 3],
    [large],
    [large - 1, 2],
    [large + 1],
    [5, 3 * large, 5, 0, large - 5, 6],
    Array.from({ length: 5000 }, (_, i) => i % 100),
    Array.from({ length: 20 }, () => large - 1),
  ];
  for (const sizes of cases) {
    const { body, bytes } = bodyOf(sizes);
    const parts = [...body.parts()];
    const joined = new Uint8Array(parts.flatMap((part) => [...part]));
    assert.deepEqual(joined, bytes);
    assert.deepEqual(body.whole(), bytes);
    const small = parts.slice(0, -1).filter((part) => part.length < large / 2);
    assert.ok(small.length <= sizes.filter((size) => size >= large).length, `${sizes.length}`);
  }
});

Deno.test("a large body is made as it is read", async () => {
  const sizes = Array.from({ length: 1000 }, () => 4096);
  for (const negotiated of [PLAIN, protobuf]) {
    const list = bodyOf(sizes);
    const response = await writeBody(list.body, negotiated, ask());
    assert.equal(responseSize(response), list.bytes.length);
    assert.equal(list.made, 0);
    const reader = response.body!.getReader();
    await reader.read();
    assert.ok(list.made < 100, `${list.made} pieces`);
    await reader.cancel();
    assert.ok(list.made < 100, `${list.made} pieces`);
  }
  const list = bodyOf(sizes);
  const response = await writeBody(list.body, PLAIN, ask());
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), list.bytes);
});

Deno.test("a large body is compressed as it is read", async () => {
  const list = bodyOf(Array.from({ length: 3000 }, () => 1000));
  const response = await writeBody(list.body, protobuf, ask("gzip"));
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.equal(list.made, 0);
  const packed = new Uint8Array(await response.arrayBuffer());
  assert.ok(packed.length < list.bytes.length / 2);
  assert.ok(gunzipSync(packed).equals(list.bytes));
  // One that is left half read ends.
  const left = bodyOf(Array.from({ length: 3000 }, () => 1000));
  const reader = (await writeBody(left.body, protobuf, ask("gzip"))).body!.getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(left.made < 3000);
});

Deno.test("what is small, indented or asked for by HEAD is no stream of pieces", async () => {
  const small = bodyOf([STREAMED_MINIMUM_BYTES - 1]);
  const answer = await writeBody(small.body, PLAIN, ask());
  assert.equal(small.made, 1);
  assert.equal((await answer.arrayBuffer()).byteLength, STREAMED_MINIMUM_BYTES - 1);
  const text = new TextEncoder().encode(JSON.stringify({ a: "x".repeat(STREAMED_MINIMUM_BYTES) }));
  const pretty = await writeBody(heldBody([text], text.length), { ...PLAIN, pretty: true }, ask());
  assert.match(await pretty.text(), /^\{\n {2}"a": "x+"\n\}\n$/);
  const head = await writeBody(bodyOf([STREAMED_MINIMUM_BYTES]).body, PLAIN, ask("gzip", "HEAD"));
  assert.equal(head.body, null);
});
