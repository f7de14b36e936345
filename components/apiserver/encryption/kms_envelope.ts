import { createHash } from "node:crypto";
import type { Clock, Logger } from "../../base/mod.ts";
import { openExtended, openGcm, sealExtended } from "./ciphers.ts";
import type { KmsService } from "./kms_grpc.ts";
import {
  decodeObject,
  encodeObject,
  type EncryptedObject,
  type KmsSealed,
} from "./kms_messages.ts";
import type { Transformer } from "./transformer.ts";

const SEED_BYTES = 32;
const DERIVED = 1;
/** How often the key service is asked whether its key has changed. */
const LOOK_MILLISECONDS = 60_000;
/** How long a seed may be used while the key service does not answer. */
const TRUST_MILLISECONDS = 180_000;
/** Seeds of values that were read. */
const SEEDS_MAXIMUM = 1024;

interface Seed {
  readonly seed: Uint8Array;
  readonly sealed: KmsSealed;
  lookAt: number;
  trustUntil: number;
}

/**
 * Values encrypted by keys that are derived from a seed, which a key service has encrypted: the service is asked once
 * for a seed, not once a value. A new seed is made when the service's key changes.
 */
export class KmsEnvelope implements Transformer {
  readonly prefix: string;
  readonly #service: KmsService;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #seeds = new Map<string, Uint8Array>();
  #current: Seed | undefined;
  #renewing: Promise<Seed> | undefined;

  constructor(name: string, service: KmsService, clock: Clock, logger: Logger) {
    this.prefix = `k8s:enc:kms:v2:${name}:`;
    this.#service = service;
    this.#clock = clock;
    this.#logger = logger.with({ kms: name });
  }

  encrypt(plain: Uint8Array, key: string): Uint8Array | Promise<Uint8Array> {
    const now = this.#clock.monotonic();
    const current = this.#current;
    if (current === undefined || now > current.trustUntil) {
      return this.#renew().then((seed) => sealWith(seed, plain, key));
    }
    if (now > current.lookAt) {
      this.#renew().catch((error) =>
        this.#logger.warn("the key service does not answer", { error })
      );
    }
    return sealWith(current, plain, key);
  }

  decrypt(data: Uint8Array, key: string): Uint8Array | Promise<Uint8Array> {
    const object = decodeObject(data);
    const id = idOf(object);
    const seed = this.#seeds.get(id);
    if (seed !== undefined) return openWith(seed, object, key);
    return this.#service.decrypt({
      ciphertext: object.sealedSource,
      keyId: object.keyId,
      annotations: object.annotations,
    }).then((opened) => {
      this.#remember(id, opened);
      return openWith(opened, object, key);
    });
  }

  keyOf(data: Uint8Array): string {
    const { keyId, sourceType } = decodeObject(data);
    return sourceType === DERIVED ? keyId : "";
  }

  isCurrent(keyId: string): boolean {
    return this.#current === undefined || keyId === this.#current.sealed.keyId;
  }

  async check(): Promise<void> {
    const { healthz, version } = await this.#service.status();
    if (healthz !== "ok") throw new Error(`got unexpected healthz status: ${healthz}`);
    if (version !== "v2" && version !== "v2beta1") {
      throw new Error(`expected KMSv2 API version v2, got ${version}`);
    }
  }

  close(): void {
    this.#service.close();
  }

  #renew(): Promise<Seed> {
    return this.#renewing ??= this.#makeSeed().finally(() => this.#renewing = undefined);
  }

  async #makeSeed(): Promise<Seed> {
    const { keyId } = await this.#service.status();
    const now = this.#clock.monotonic();
    const current = this.#current;
    if (current !== undefined && keyId === current.sealed.keyId) {
      current.lookAt = now + LOOK_MILLISECONDS;
      current.trustUntil = now + TRUST_MILLISECONDS;
      return current;
    }
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    const sealed = await this.#service.encrypt(seed);
    if (sealed.keyId === "" || sealed.ciphertext.length === 0) {
      throw new Error("the key service answered without a key ID or a ciphertext");
    }
    this.#current = {
      seed,
      sealed,
      lookAt: now + LOOK_MILLISECONDS,
      trustUntil: now + TRUST_MILLISECONDS,
    };
    this.#remember(
      idOf({ sealedSource: sealed.ciphertext, keyId: sealed.keyId, sourceType: DERIVED }),
      seed,
    );
    return this.#current;
  }

  #remember(id: string, seed: Uint8Array): void {
    if (this.#seeds.size >= SEEDS_MAXIMUM) {
      const [oldest] = this.#seeds.keys();
      if (oldest !== undefined) this.#seeds.delete(oldest);
    }
    this.#seeds.set(id, seed);
  }
}

function sealWith({ seed, sealed }: Seed, plain: Uint8Array, key: string): Uint8Array {
  return encodeObject({
    data: sealExtended(seed, plain, key),
    keyId: sealed.keyId,
    sealedSource: sealed.ciphertext,
    annotations: sealed.annotations,
    sourceType: DERIVED,
  });
}

function openWith(seed: Uint8Array, { data, sourceType }: EncryptedObject, key: string) {
  return sourceType === DERIVED ? openExtended(seed, data, key) : openGcm(seed, data, key);
}

function idOf(
  { sealedSource, keyId, sourceType }: Pick<
    EncryptedObject,
    "sealedSource" | "keyId" | "sourceType"
  >,
): string {
  return createHash("sha256").update(`${sourceType}:${keyId.length}:${keyId}:`).update(sealedSource)
    .digest("base64");
}
