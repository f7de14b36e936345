import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import {
  type ChannelCredentials,
  Client,
  connectivityState,
  credentials,
  Metadata,
} from "@grpc/grpc-js";
import { CODES, EtcdError } from "./etcd_error.ts";

/** Certificates and key in PEM; without an authority the machine's own are trusted. */
export interface EtcdTls {
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** The largest answer that is taken: a page of a list is asked for again, smaller, when it is larger. */
export const ANSWER_MAXIMUM_BYTES = 32 * 1024 * 1024;
const KEEPALIVE_INTERVAL_MILLISECONDS = 30_000;
const KEEPALIVE_TIMEOUT_MILLISECONDS = 10_000;
const RECONNECT_FIRST_MILLISECONDS = 100;
const RECONNECT_MAXIMUM_MILLISECONDS = 3_000;

/** A method of etcd's API. */
export interface Method<Response> {
  readonly path: string;
  decode(bytes: Uint8Array): Response;
}

/** A running call. */
export interface RunningCall {
  cancel(): void;
}

/** A stream of messages both ways. */
export interface MessageStream extends RunningCall {
  send(message: Uint8Array): void;
}

/** Who hears from a stream. `ended` comes once, and last. */
export interface StreamListener<Response> {
  message(response: Response): void;
  ended(error: EtcdError): void;
}

const encode = (message: Uint8Array): Buffer =>
  Buffer.from(message.buffer, message.byteOffset, message.byteLength);

/** One member of the cluster: a connection that is kept up, and made again with growing pauses. */
export class Endpoint {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  #ready = false;
  #closed = false;

  constructor(readonly url: URL, tls: EtcdTls | undefined, readonly changed: () => void) {
    // A member that has lost its cluster refuses instead of answering from what it has, or never.
    this.#metadata.set("hasleader", "true");
    const { channelCredentials, options } = securityOf(url, tls);
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    this.#client = new Client(
      `${url.hostname}:${port}`,
      channelCredentials,
      {
        ...options,
        "grpc.max_receive_message_length": ANSWER_MAXIMUM_BYTES,
        "grpc.max_send_message_length": -1,
        "grpc.keepalive_time_ms": KEEPALIVE_INTERVAL_MILLISECONDS,
        "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MILLISECONDS,
        "grpc.initial_reconnect_backoff_ms": RECONNECT_FIRST_MILLISECONDS,
        "grpc.max_reconnect_backoff_ms": RECONNECT_MAXIMUM_MILLISECONDS,
        "grpc.use_local_subchannel_pool": 1,
        // Who may be asked again, and for what, is decided above.
        "grpc.enable_retries": 0,
        // Nobody asks for its account of every call.
        "grpc.enable_channelz": 0,
        "grpc.service_config_disable_resolution": 1,
      },
    );
    this.#follow();
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Calls a method; `done` is called once, never before this returns. */
  call<Response>(
    method: Method<Response>,
    request: Uint8Array,
    done: (error: EtcdError | undefined, response?: Response) => void,
  ): RunningCall {
    return this.#client.makeUnaryRequest(
      method.path,
      encode,
      (bytes: Buffer) => method.decode(plain(bytes)),
      request,
      this.#metadata,
      (error, response) => {
        if (error !== null) done(new EtcdError(error.code, error.details));
        else done(undefined, response);
      },
    );
  }

  stream<Response>(method: Method<Response>, listener: StreamListener<Response>): MessageStream {
    const stream = this.#client.makeBidiStreamRequest(
      method.path,
      encode,
      (bytes: Buffer) => method.decode(plain(bytes)),
      this.#metadata,
    );
    let ended = false;
    const end = (error: EtcdError) => {
      if (ended) return;
      ended = true;
      listener.ended(error);
    };
    stream.on("data", (response: Response) => {
      if (!ended) listener.message(response);
    });
    stream.on("error", (error: { code?: number; details?: string; message: string }) => {
      end(new EtcdError(error.code ?? CODES.unavailable, error.details ?? error.message));
    });
    stream.on("end", () => end(new EtcdError(CODES.unavailable, "the stream ended")));
    return {
      send: (message) => void stream.write(message),
      cancel() {
        ended = true;
        stream.cancel();
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#ready = false;
    this.#client.close();
  }

  #follow(): void {
    if (this.#closed) return;
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(true);
    const ready = state === connectivityState.READY;
    if (ready !== this.#ready) {
      this.#ready = ready;
      this.changed();
    }
    channel.watchConnectivityState(state, Infinity, (error) => {
      if (error === undefined) this.#follow();
    });
  }
}

function securityOf(url: URL, tls: EtcdTls | undefined): {
  readonly channelCredentials: ChannelCredentials;
  readonly options: Readonly<Record<string, string>>;
} {
  if (url.protocol !== "https:") {
    return { channelCredentials: credentials.createInsecure(), options: {} };
  }
  const pem = (text: string | undefined) => text === undefined ? null : Buffer.from(text);
  const address = url.hostname.replace(/^\[|\]$/g, "");
  const named = isIP(address) === 0;
  const channelCredentials = credentials.createSsl(
    pem(tls?.authority),
    pem(tls?.key),
    pem(tls?.certificate),
    named ? {} : {
      checkServerIdentity: (_name: string, peer: PeerCertificate) =>
        checkServerIdentity(address, peer),
    },
  );
  // An address is no server name, and may not be sent as one; the certificate must be for it all the same.
  return { channelCredentials, options: named ? {} : { "grpc.ssl_target_name_override": "etcd" } };
}

/** The bytes of a node buffer without its class, whose `slice` makes views. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
