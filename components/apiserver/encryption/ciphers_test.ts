import assert from "node:assert/strict";
import { aesCbc, aesGcm, openExtended, sealExtended, secretbox } from "./ciphers.ts";
import type { Transformer } from "./transformer.ts";

const KEY = "/registry/secrets/default/s";
const PLAIN = new TextEncoder().encode('{"kind":"Secret","data":{"a":"aGVsbG8="}}');
const secret = (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => i + 1);

const cases: readonly [string, Transformer][] = [
  ...[16, 24, 32].flatMap((size): [string, Transformer][] => [
    [`AES-GCM of ${size} bytes`, aesGcm("g:", secret(size))],
    [`AES-CBC of ${size} bytes`, aesCbc("c:", secret(size))],
  ]),
  ["secretbox", secretbox("s:", secret(32))],
];

for (const [name, transformer] of cases) {
  Deno.test(`${name} gives back what it was given, and never the same twice`, async () => {
    for (const plain of [PLAIN, new Uint8Array(), new Uint8Array(16), new Uint8Array(100_000)]) {
      const data = await transformer.encrypt(plain, KEY);
      assert.deepEqual(new Uint8Array(await transformer.decrypt(data, KEY)), plain);
      assert.notDeepEqual(await transformer.encrypt(plain, KEY), data);
    }
  });

  Deno.test(`${name} refuses what is too short`, async () => {
    for (const length of [0, 1, 11, 15]) {
      await assert.rejects(async () => await transformer.decrypt(new Uint8Array(length), KEY), {
        message: "the stored data was shorter than the required size",
      });
    }
  });
}

Deno.test("ciphers that can tell refuse what was changed or moved", async () => {
  for (const [name, transformer] of cases) {
    if (name.startsWith("AES-CBC")) continue;
    const data = Uint8Array.from(await transformer.encrypt(PLAIN, KEY));
    data[data.length - 1]! ^= 1;
    await assert.rejects(async () => await transformer.decrypt(data, KEY), name);
    data[data.length - 1]! ^= 1;
    if (name === "secretbox") continue;
    await assert.rejects(async () => await transformer.decrypt(data, `${KEY}x`), {
      message: "cipher: message authentication failed",
    });
  }
});

Deno.test("AES-GCM lies as nonce, ciphertext, tag, with the key as additional data", async () => {
  const raw = secret(32);
  const data = Uint8Array.from(await aesGcm("", raw).encrypt(PLAIN, KEY));
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const additionalData = new TextEncoder().encode(KEY);
  const plain = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: data.subarray(0, 12), additionalData },
    key,
    data.subarray(12),
  );
  assert.deepEqual(new Uint8Array(plain), PLAIN);
});

Deno.test("AES-CBC lies as initialization vector and padded ciphertext", async () => {
  const raw = secret(32);
  const data = Uint8Array.from(await aesCbc("", raw).encrypt(PLAIN, KEY));
  const key = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["decrypt"]);
  const plain = await crypto.subtle.decrypt(
    { name: "AES-CBC", iv: data.subarray(0, 16) },
    key,
    data.subarray(16),
  );
  assert.deepEqual(new Uint8Array(plain), PLAIN);
});

Deno.test("extended AES-GCM derives its key by HKDF's expansion", () => {
  const seed = secret(32);
  const data = sealExtended(seed, PLAIN, KEY);
  assert.equal(data.length, 32 + 12 + PLAIN.length + 16);
  assert.deepEqual(new Uint8Array(openExtended(seed, data, KEY)), PLAIN);
  assert.throws(() => openExtended(secret(31), data, KEY));
});

Deno.test("secretbox opens what NaCl's own makes", async () => {
  // The first test vector of NaCl's secretbox: key, nonce, message, box without its leading zeros.
  const hex = (text: string) => Uint8Array.fromHex(text);
  const key = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
  const nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
  const box = hex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a" +
      "c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae" +
      "90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74" +
      "e355a5",
  );
  const data = new Uint8Array(nonce.length + box.length);
  data.set(nonce);
  data.set(box, nonce.length);
  const plain = await secretbox("", key).decrypt(data, KEY);
  assert.equal(
    new Uint8Array(plain).toHex().slice(0, 32),
    "be075fc53c81f2d5cf141316ebeb0c7b",
  );
});
