import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { joined, type Transformer } from "./transformer.ts";

const GCM_NONCE_BYTES = 12;
const GCM_TAG_BYTES = 16;
const CBC_BLOCK_BYTES = 16;
const SECRETBOX_NONCE_BYTES = 24;
const TOO_SHORT = "the stored data was shorter than the required size";
/** Bytes of randomness from which each value's own key is made. */
const INFO_BYTES = 32;
const encoder = new TextEncoder();

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

/** AES-GCM: nonce, ciphertext, tag. The key under which it is stored is authenticated with it. */
export function sealGcm(secret: Uint8Array, plain: Uint8Array, key: string): Uint8Array {
  const nonce = random(GCM_NONCE_BYTES);
  const cipher = createCipheriv(gcmName(secret), secret, nonce);
  cipher.setAAD(encoder.encode(key));
  const head = cipher.update(plain);
  return joined(nonce, head, cipher.final(), cipher.getAuthTag());
}

export function openGcm(secret: Uint8Array, data: Uint8Array, key: string): Uint8Array {
  if (data.length < GCM_NONCE_BYTES + GCM_TAG_BYTES) throw new Error(TOO_SHORT);
  const end = data.length - GCM_TAG_BYTES;
  const decipher = createDecipheriv(gcmName(secret), secret, data.subarray(0, GCM_NONCE_BYTES));
  decipher.setAAD(encoder.encode(key));
  decipher.setAuthTag(data.subarray(end));
  try {
    return joined(decipher.update(data.subarray(GCM_NONCE_BYTES, end)), decipher.final());
  } catch {
    throw new Error("cipher: message authentication failed");
  }
}

const gcmName = (secret: Uint8Array) =>
  `aes-${secret.length * 8}-gcm` as "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";

/** AES-GCM with a key of its own for each value: randomness, then as above. */
export function sealExtended(seed: Uint8Array, plain: Uint8Array, key: string): Uint8Array {
  const info = random(INFO_BYTES);
  return joined(info, sealGcm(derivedKey(seed, info), plain, key));
}

export function openExtended(seed: Uint8Array, data: Uint8Array, key: string): Uint8Array {
  if (data.length < INFO_BYTES) throw new Error(TOO_SHORT);
  const info = data.subarray(0, INFO_BYTES);
  return openGcm(derivedKey(seed, info), data.subarray(INFO_BYTES), key);
}

/** One block of HKDF's expansion with SHA-256. */
function derivedKey(seed: Uint8Array, info: Uint8Array): Uint8Array {
  return createHmac("sha256", seed).update(info).update(Uint8Array.of(1)).digest();
}

/** Keys of this size the runtime's own ciphers do not take. */
const SIZE_OF_LIBRARY = 24;

export function aesGcm(prefix: string, secret: Uint8Array): Transformer {
  if (secret.length === SIZE_OF_LIBRARY) return libraryGcm(prefix, secret);
  return {
    prefix,
    encrypt: (plain, key) => sealGcm(secret, plain, key),
    decrypt: (data, key) => openGcm(secret, data, key),
  };
}

/** AES-CBC with PKCS #7 padding. Nothing tells whether a value was changed. */
export function aesCbc(prefix: string, secret: Uint8Array): Transformer {
  if (secret.length === SIZE_OF_LIBRARY) return libraryCbc(prefix, secret);
  const name = `aes-${secret.length * 8}-cbc`;
  return {
    prefix,
    encrypt(plain) {
      const start = random(CBC_BLOCK_BYTES);
      const cipher = createCipheriv(name, secret, start);
      return joined(start, cipher.update(plain), cipher.final());
    },
    decrypt(data) {
      checkBlocks(data);
      const decipher = createDecipheriv(name, secret, data.subarray(0, CBC_BLOCK_BYTES));
      try {
        return joined(decipher.update(data.subarray(CBC_BLOCK_BYTES)), decipher.final());
      } catch {
        throw new Error("invalid padding on input");
      }
    },
  };
}

function checkBlocks(data: Uint8Array): void {
  if (data.length < CBC_BLOCK_BYTES) throw new Error(TOO_SHORT);
  if (data.length === CBC_BLOCK_BYTES || data.length % CBC_BLOCK_BYTES !== 0) {
    throw new Error("the stored data is not a multiple of the block size");
  }
}

const aesLibrary = () => import("@noble/ciphers/aes.js");

function libraryGcm(prefix: string, secret: Uint8Array): Transformer {
  return {
    prefix,
    async encrypt(plain, key) {
      const { gcm } = await aesLibrary();
      const nonce = random(GCM_NONCE_BYTES);
      return joined(nonce, gcm(secret, nonce, encoder.encode(key)).encrypt(plain));
    },
    async decrypt(data, key) {
      if (data.length < GCM_NONCE_BYTES + GCM_TAG_BYTES) throw new Error(TOO_SHORT);
      const { gcm } = await aesLibrary();
      const nonce = data.subarray(0, GCM_NONCE_BYTES);
      try {
        const cipher = gcm(secret, nonce, encoder.encode(key));
        return cipher.decrypt(data.subarray(GCM_NONCE_BYTES));
      } catch {
        throw new Error("cipher: message authentication failed");
      }
    },
  };
}

function libraryCbc(prefix: string, secret: Uint8Array): Transformer {
  return {
    prefix,
    async encrypt(plain) {
      const { cbc } = await aesLibrary();
      const start = random(CBC_BLOCK_BYTES);
      return joined(start, cbc(secret, start).encrypt(plain));
    },
    async decrypt(data) {
      checkBlocks(data);
      const { cbc } = await aesLibrary();
      try {
        const start = data.subarray(0, CBC_BLOCK_BYTES);
        return cbc(secret, start).decrypt(data.subarray(CBC_BLOCK_BYTES));
      } catch {
        throw new Error("invalid padding on input");
      }
    },
  };
}

/** NaCl's secretbox: nonce, tag, ciphertext. Its library is loaded when it is first used. */
export function secretbox(prefix: string, secret: Uint8Array): Transformer {
  return {
    prefix,
    async encrypt(plain) {
      const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
      const nonce = random(SECRETBOX_NONCE_BYTES);
      return joined(nonce, xsalsa20poly1305(secret, nonce).encrypt(plain));
    },
    async decrypt(data) {
      if (data.length < SECRETBOX_NONCE_BYTES) throw new Error(TOO_SHORT);
      const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
      const nonce = data.subarray(0, SECRETBOX_NONCE_BYTES);
      try {
        return xsalsa20poly1305(secret, nonce).decrypt(data.subarray(SECRETBOX_NONCE_BYTES));
      } catch {
        throw new Error("output array was not large enough for encryption");
      }
    },
  };
}
