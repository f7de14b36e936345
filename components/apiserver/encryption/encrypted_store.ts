import type { MetricRegistry } from "../../base/mod.ts";
import {
  type Entry,
  type ListOptions,
  type ListResult,
  RevisionMismatchError,
  type Store,
  type StoreEvent,
  type WatchHandle,
  type WatchSink,
  type Write,
} from "../../storage/mod.ts";
import { internalError } from "../../base/mod.ts";
import { brokenValue } from "./broken_value.ts";
import { type Encryption, openValue, type TransformerChain } from "./encryption.ts";
import { OrderedSink } from "./ordered_sink.ts";
import { identity, joined, type Transformer } from "./transformer.ts";
import { TransformationMetrics } from "./transformation_metrics.ts";

const encoder = new TextEncoder();

/** What a value was written by, as of a revision. */
interface Writer {
  readonly prefix: string;
  readonly keyId: string;
  readonly revision: number;
}

/** A value that was written here, before it was encrypted. */
interface OwnValue {
  readonly plain: Uint8Array;
  readonly key: string;
  readonly chain: TransformerChain;
}

/**
 * A store whose values lie encrypted, as a configuration says: who reads and writes here sees them plain. A value that
 * cannot be opened does not stop the others: it is one that tells what is wrong when it is read.
 */
export class EncryptedStore implements Store {
  readonly #inner: Store;
  readonly #resourceOf: (key: string) => string;
  readonly #metrics: TransformationMetrics;
  /** What was written, by what it became: events bring back the very array, and who offered its object finds it. */
  readonly #plain = new WeakMap<Uint8Array, OwnValue>();
  /** What each value was last written by, of the resources that are configured. */
  readonly #writtenBy = new Map<string, Writer>();
  #encryption: Encryption;

  /** `resourceOf` names the resource of a key: `deployments.apps`, or nothing for what is none. */
  constructor(
    inner: Store,
    encryption: Encryption,
    resourceOf: (key: string) => string,
    metrics: MetricRegistry,
    now: () => number,
  ) {
    this.#inner = inner;
    this.#encryption = encryption;
    this.#resourceOf = resourceOf;
    this.#metrics = new TransformationMetrics(metrics, now);
  }

  get encryption(): Encryption {
    return this.#encryption;
  }

  /** From now on another configuration holds. */
  use(encryption: Encryption): void {
    this.#encryption.close();
    this.#encryption = encryption;
  }

  /** True for a value that would be written with another key now: it should be, when it is next written. */
  isStale(key: string): boolean {
    const chain = this.#chainOf(key);
    const written = this.#writtenBy.get(key);
    if (chain === undefined || written === undefined) return false;
    const { prefix, keyId } = written;
    return prefix !== chain.writer.prefix || chain.writer.isCurrent?.(keyId) === false;
  }

  get revision(): number {
    return this.#inner.revision;
  }

  get compactedRevision(): number {
    return this.#inner.compactedRevision;
  }

  get shared(): boolean {
    return this.#inner.shared;
  }

  freshRevision(): number | Promise<number> {
    return this.#inner.freshRevision();
  }

  check(): Promise<void> {
    return this.#inner.check();
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = await this.#inner.get(key);
    return entry && await this.#openEntry(entry);
  }

  async list(prefix: string, options?: ListOptions): Promise<ListResult> {
    const result = await this.#inner.list(prefix, options);
    const entries = result.entries.map((entry) => this.#openEntry(entry));
    return { ...result, entries: await Promise.all(entries) };
  }

  async write(write: Write): Promise<number> {
    if (write.op === "delete") return await this.#inner.write(write).catch(this.#openMismatch);
    const chain = this.#chainOf(write.key);
    if (chain === undefined) return await this.#inner.write(write);
    const value = await this.#seal(chain, write.value, write.key);
    if (value !== write.value) {
      this.#plain.set(value, { plain: write.value, key: write.key, chain });
    }
    return await this.#inner.write({ ...write, value }).catch(this.#openMismatch);
  }

  watch(prefix: string, after: number, sink: WatchSink): Promise<WatchHandle> {
    const ordered = new OrderedSink(sink, (batch) => this.#openEvents(batch));
    return this.#inner.watch(prefix, after, ordered.sink).then((handle) => ({
      cancel() {
        ordered.cancel();
        handle.cancel();
      },
      ...(handle.requestProgress === undefined
        ? {}
        : { requestProgress: (revision: number) => handle.requestProgress?.(revision) }),
    }));
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision);
  }

  close(): Promise<void> {
    this.#encryption.close();
    return this.#inner.close();
  }

  #chainOf(key: string): TransformerChain | undefined {
    const resource = this.#resourceOf(key);
    return resource === "" ? undefined : this.#encryption.chainOf(resource);
  }

  async #seal(chain: TransformerChain, plain: Uint8Array, key: string): Promise<Uint8Array> {
    const { writer } = chain;
    if (writer === identity) return plain;
    const resource = this.#resourceOf(key);
    const done = this.#metrics.start("to_storage", writer.prefix, resource);
    try {
      const data = await writer.encrypt(plain, key);
      done(true);
      return joined(encoder.encode(writer.prefix), data);
    } catch (error) {
      done(false);
      const why = error instanceof Error ? error.message : String(error);
      throw internalError(`unable to transform key ${JSON.stringify(key)}: ${why}`);
    }
  }

  /** The plain value, or one that says what is wrong; never throws and never rejects. */
  #open({ key, value, revision }: Entry): Uint8Array | Promise<Uint8Array> {
    const chain = this.#chainOf(key);
    if (chain === undefined) return value;
    const own = this.#plain.get(value);
    if (own !== undefined && own.key === key && own.chain === chain) {
      this.#note(key, chain.writer, value, revision);
      return own.plain;
    }
    const resource = this.#resourceOf(key);
    try {
      const { transformer, plain } = openValue(chain, value, key);
      this.#note(key, transformer, value, revision);
      const done = this.#metrics.start("from_storage", transformer.prefix, resource);
      if (plain instanceof Uint8Array) {
        done(true);
        return plain;
      }
      return plain.then((opened) => {
        done(true);
        return opened;
      }, (error) => {
        done(false);
        return brokenValue(key, error);
      });
    } catch (error) {
      this.#metrics.start("from_storage", "unknown", resource)(false);
      return brokenValue(key, error);
    }
  }

  /** What history shows does not count. */
  #note(key: string, transformer: Transformer, value: Uint8Array, revision: number): void {
    if ((this.#writtenBy.get(key)?.revision ?? 0) > revision) return;
    const { prefix } = transformer;
    const keyId = transformer.keyOf?.(value.subarray(prefix.length)) ?? "";
    this.#writtenBy.set(key, { prefix, keyId, revision });
  }

  #openEntry(entry: Entry): Entry | Promise<Entry> {
    const value = this.#open(entry);
    if (value === entry.value) return entry;
    return value instanceof Promise
      ? value.then((opened) => ({ ...entry, value: opened }))
      : { ...entry, value };
  }

  /** At once where no key service has to be asked. */
  #openEvents(batch: readonly StoreEvent[]): readonly StoreEvent[] | Promise<StoreEvent[]> {
    const opened = batch.map((event) => this.#openEvent(event));
    return opened.some((event) => event instanceof Promise)
      ? Promise.all(opened)
      : opened as StoreEvent[];
  }

  #openEvent(event: StoreEvent): StoreEvent | Promise<StoreEvent> {
    const { key, value, previous, revision } = event;
    const before = previous && this.#openEntry(previous);
    const plain = value && this.#open({ key, value, revision });
    if (value === undefined) this.#writtenBy.delete(key);
    if (plain === value && before === previous) return event;
    const whole = (plain: Uint8Array | undefined, before: Entry | undefined): StoreEvent => ({
      key,
      revision,
      ...(plain === undefined ? {} : { value: plain }),
      ...(before === undefined ? {} : { previous: before }),
    });
    return plain instanceof Promise || before instanceof Promise
      ? Promise.all([plain, before]).then(([plain, before]) => whole(plain, before))
      : whole(plain, before);
  }

  readonly #openMismatch = async (error: unknown): Promise<never> => {
    if (!(error instanceof RevisionMismatchError) || error.current === undefined) throw error;
    const current = await this.#openEntry(error.current);
    throw new RevisionMismatchError(error.key, error.expected, current);
  };
}
