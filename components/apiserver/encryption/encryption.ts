import type { Clock, Logger, Random } from "../../base/mod.ts";
import { aesCbc, aesGcm, secretbox } from "./ciphers.ts";
import { covers, type EncryptionConfig, type Provider } from "./encryption_config.ts";
import { KmsEnvelope } from "./kms_envelope.ts";
import { KmsGrpc } from "./kms_grpc.ts";
import { identity, startsWithText, type Transformer } from "./transformer.ts";

export interface EncryptionServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The transformers of one rule: the first one writes, all read. */
export interface TransformerChain {
  readonly writer: Transformer;
  readonly all: readonly Transformer[];
}

const NO_KEY: Readonly<Record<string, string>> = {
  "k8s:enc:aesgcm:v1:": "no matching key was found for the provided AES transformer",
  "k8s:enc:aescbc:v1:": "no matching key was found for the provided AES transformer",
  "k8s:enc:secretbox:v1:": "no matching key was found for the provided Secretbox transformer",
};

/** Which resources are encrypted, by what. */
export class Encryption {
  readonly #rules: readonly {
    readonly resources: readonly string[];
    readonly chain: TransformerChain;
  }[];
  readonly #known = new Map<string, TransformerChain | undefined>();

  constructor(config: EncryptionConfig, services: EncryptionServices) {
    this.#rules = config.resources.map(({ resources, providers }) => {
      const all = providers.flatMap((provider) => transformersOf(provider, services));
      return { resources, chain: { writer: all[0] ?? identity, all } };
    });
  }

  /** `resource` as in `deployments.apps`; undefined where its values are left as they are. */
  chainOf(resource: string): TransformerChain | undefined {
    if (this.#known.has(resource)) return this.#known.get(resource);
    const rule = this.#rules.find(({ resources }) =>
      resources.some((each) => covers(each, resource))
    );
    this.#known.set(resource, rule?.chain);
    return rule?.chain;
  }

  /** True where a key service takes part. */
  get hasKms(): boolean {
    return this.#transformers().some((each) => each.check !== undefined);
  }

  /** Rejects while a key service does not answer, or is not well. */
  async check(): Promise<void> {
    await Promise.all(this.#transformers().map((each) => each.check?.()));
  }

  close(): void {
    for (const each of this.#transformers()) each.close?.();
  }

  #transformers(): Transformer[] {
    return this.#rules.flatMap(({ chain }) => chain.all);
  }
}

function transformersOf(provider: Provider, services: EncryptionServices): Transformer[] {
  switch (provider.kind) {
    case "identity":
      return [identity];
    case "kms": {
      const { name, socket, timeoutMilliseconds } = provider;
      const { clock, random, logger } = services;
      const service = new KmsGrpc(socket, timeoutMilliseconds, clock, random);
      return [new KmsEnvelope(name, service, clock, logger)];
    }
    default: {
      const make = { aesgcm: aesGcm, aescbc: aesCbc, secretbox }[provider.kind];
      return provider.keys.map(({ name, secret }) =>
        make(`k8s:enc:${provider.kind}:v1:${name}:`, secret)
      );
    }
  }
}

/** The plain value; throws, or rejects, with upstream's words. */
export function openValue(
  { all }: TransformerChain,
  value: Uint8Array,
  key: string,
): { readonly transformer: Transformer; readonly plain: Uint8Array | Promise<Uint8Array> } {
  let failure: unknown;
  for (const transformer of all) {
    if (!startsWithText(value, transformer.prefix)) continue;
    try {
      const data = value.subarray(transformer.prefix.length);
      const plain = transformer.decrypt(data, key);
      return { transformer, plain: plain === data ? value : plain };
    } catch (error) {
      // Identity comes in wherever nothing else does, and says least.
      if (failure === undefined || transformer.prefix !== "") failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  const noKey = Object.entries(NO_KEY).find(([prefix]) =>
    startsWithText(value, prefix) && all.some((each) => each.prefix.startsWith(prefix))
  );
  throw new Error(noKey?.[1] ?? "no matching prefix found");
}
