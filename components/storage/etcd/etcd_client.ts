import { type Clock, invariant, type Logger, sleep } from "../../base/mod.ts";
import {
  Endpoint,
  type EtcdTls,
  type MessageStream,
  type Method,
  type StreamListener,
} from "./endpoint.ts";
import { CODES, EtcdError } from "./etcd_error.ts";
import {
  decodeLeaseGrant,
  decodeRange,
  decodeRevision,
  decodeStatus,
  decodeTxn,
  decodeWatch,
  encodeCompaction,
  encodeLeaseGrant,
  encodePut,
  encodeRange,
  encodeTxn,
  type RangeRequest,
  type RangeResponse,
  type StatusResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchResponse,
} from "./messages.ts";

/** How long one call may take, with all its tries. etcd itself gives up a write after 7 s. */
export const CALL_TIMEOUT_MILLISECONDS = 10_000;
const RETRY_MILLISECONDS = 50;
/** How long a member may take for a read while there are others to ask: its connection may be dead and not know it. */
const READ_TRY_MILLISECONDS = 3_000;
const STATUS_MILLISECONDS = 2_000;
/** How long to find out why nothing can be reached. */
const WHY_MILLISECONDS = 500;

const METHODS = {
  range: { path: "/etcdserverpb.KV/Range", decode: decodeRange },
  txn: { path: "/etcdserverpb.KV/Txn", decode: decodeTxn },
  put: { path: "/etcdserverpb.KV/Put", decode: decodeRevision },
  compact: { path: "/etcdserverpb.KV/Compact", decode: decodeRevision },
  leaseGrant: { path: "/etcdserverpb.Lease/LeaseGrant", decode: decodeLeaseGrant },
  status: { path: "/etcdserverpb.Maintenance/Status", decode: decodeStatus },
  watch: { path: "/etcdserverpb.Watch/Watch", decode: decodeWatch },
} as const;

export interface EtcdClientOptions {
  readonly endpoints: readonly URL[];
  readonly tls?: EtcdTls;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A stream of watches. */
export interface WatchStream extends MessageStream {
  /** Cancels it because nothing comes: the next one is opened to another member, if there is one. */
  abandon(): void;
}

interface CallRules {
  readonly timeout: number;
  /** How long one member may take. */
  readonly tryTimeout: number;
  /** Whether the call may be made again after that error. */
  readonly again: (error: EtcdError) => boolean;
}

/**
 * Calls of one etcd cluster, whichever of its members answers. All go to one member until that one fails. A call that
 * reads is tried again at the next; one that writes only while it certainly has not been done: the caller is told of
 * everything else.
 */
export class EtcdClient {
  readonly #options: EtcdClientOptions;
  readonly #endpoints: readonly Endpoint[];
  #current = 0;
  #changed = Promise.withResolvers<void>();
  #closed = false;

  constructor(options: EtcdClientOptions) {
    invariant(options.endpoints.length > 0, "there is an endpoint");
    this.#options = options;
    this.#endpoints = options.endpoints.map((url) =>
      new Endpoint(url, options.tls, () => this.#wake())
    );
  }

  range(request: RangeRequest, timeout?: number): Promise<RangeResponse> {
    return this.#read(METHODS.range, encodeRange(request), timeout);
  }

  txn(request: TxnRequest): Promise<TxnResponse> {
    return this.#write(METHODS.txn, encodeTxn(request));
  }

  /** A put without a condition: may be done twice. */
  put(key: Uint8Array, value: Uint8Array): Promise<number> {
    return this.#read(METHODS.put, encodePut(key, value));
  }

  compact(revision: number): Promise<number> {
    return this.#read(METHODS.compact, encodeCompaction(revision));
  }

  leaseGrant(seconds: number): Promise<{ readonly id: bigint; readonly seconds: number }> {
    return this.#read(METHODS.leaseGrant, encodeLeaseGrant(seconds));
  }

  /** What each member says of itself; undefined for one that does not answer. */
  statuses(): Promise<(StatusResponse | undefined)[]> {
    return Promise.all(
      this.#endpoints.map((endpoint) =>
        endpoint.ready
          ? this.#once(endpoint, METHODS.status, EMPTY, STATUS_MILLISECONDS)
            .catch(() => undefined)
          : undefined
      ),
    );
  }

  /** Opens a stream of watches to a member that is connected. Rejects when there is none in time. */
  async watch(listener: StreamListener<WatchResponse>): Promise<WatchStream> {
    const endpoint = await this.#ready(this.#options.clock.monotonic() + CALL_TIMEOUT_MILLISECONDS);
    const stream = endpoint.stream(METHODS.watch, {
      message: (response) => listener.message(response),
      ended: (error) => {
        this.#leave(endpoint);
        listener.ended(error);
      },
    });
    return {
      send: (message) => stream.send(message),
      cancel: () => stream.cancel(),
      abandon: () => {
        this.#leave(endpoint);
        stream.cancel();
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const endpoint of this.#endpoints) endpoint.close();
    this.#wake();
  }

  async #read<Response>(
    method: Method<Response>,
    request: Uint8Array,
    timeout = CALL_TIMEOUT_MILLISECONDS,
  ): Promise<Response> {
    const again = (error: EtcdError) => error.passing || error.code === CODES.deadlineExceeded;
    const others = this.#endpoints.length > 1;
    return await this.#call(method, request, {
      timeout,
      tryTimeout: others ? READ_TRY_MILLISECONDS : timeout,
      again,
    });
  }

  async #write<Response>(
    method: Method<Response>,
    request: Uint8Array,
  ): Promise<Response> {
    return await this.#call(method, request, {
      timeout: CALL_TIMEOUT_MILLISECONDS,
      tryTimeout: CALL_TIMEOUT_MILLISECONDS,
      again: ({ passing, undone }) => passing && undone,
    });
  }

  async #call<Response>(
    method: Method<Response>,
    request: Uint8Array,
    { timeout, tryTimeout, again }: CallRules,
  ): Promise<Response> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + timeout;
    for (;;) {
      const endpoint = await this.#ready(deadline);
      try {
        const left = Math.min(deadline - clock.monotonic(), tryTimeout);
        return await this.#once(endpoint, method, request, left);
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        if (error.passing || !error.undone) this.#leave(endpoint);
        if (!again(error) || this.#closed) throw error;
        if (clock.monotonic() + RETRY_MILLISECONDS >= deadline) throw error;
        await sleep(clock, RETRY_MILLISECONDS);
      }
    }
  }

  #once<Response>(
    endpoint: Endpoint,
    method: Method<Response>,
    request: Uint8Array,
    timeout: number,
  ): Promise<Response> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      let late = false;
      const call = endpoint.call(method, request, (error, response) => {
        timer.cancel();
        if (error === undefined) resolve(response as Response);
        else reject(late ? timedOut() : error);
      });
      const timer = clock.after(timeout, () => {
        late = true;
        call.cancel();
      });
    });
  }

  /** A member that is connected: the last one if it may be, else any. */
  async #ready(deadline: number): Promise<Endpoint> {
    const { clock } = this.#options;
    for (;;) {
      if (this.#closed) throw new EtcdError(CODES.cancelled, "the store is closed", true);
      for (let i = 0; i < this.#endpoints.length; i++) {
        const at = (this.#current + i) % this.#endpoints.length;
        const endpoint = this.#endpoints[at];
        if (!endpoint?.ready) continue;
        this.#current = at;
        return endpoint;
      }
      const left = deadline - clock.monotonic();
      if (left <= 0) {
        throw new EtcdError(CODES.unavailable, await this.#unreachable(), true);
      }
      const abort = new AbortController();
      await Promise.race([this.#changed.promise, sleep(clock, left, abort.signal)]);
      abort.abort();
    }
  }

  /** What keeps the first of the members from being reached, in words. */
  async #unreachable(): Promise<string> {
    const [first] = this.#endpoints;
    const hosts = this.#endpoints.map(({ url }) => url.host).join(", ");
    const why = await Promise.race([
      first && this.#once(first, METHODS.status, EMPTY, WHY_MILLISECONDS).then(() => "", String),
      sleep(this.#options.clock, WHY_MILLISECONDS).then(() => ""),
    ]);
    const last = why?.split("Last error: ")[1];
    const all = `no member of etcd can be reached: ${hosts}`;
    return last === undefined ? all : `${all}: ${last.replace(/\. Resolution note:.*$/s, "")}`;
  }

  /** Whatever comes next is asked of another member, if there is one. */
  #leave(endpoint: Endpoint): void {
    if (this.#endpoints[this.#current] !== endpoint) return;
    this.#current = (this.#current + 1) % this.#endpoints.length;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const EMPTY = new Uint8Array();

const timedOut = () => new EtcdError(CODES.deadlineExceeded, "etcd did not answer in time");
