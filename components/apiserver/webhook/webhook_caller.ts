import type { Readable } from "node:stream";
import type { Clock, JsonValue, Random } from "../../base/mod.ts";
import { type Dial, type Duplex, type TlsAnswer, TlsClient } from "../../serving/mod.ts";
import type { ObjectReader } from "../ports.ts";
import {
  addressOf,
  authoritiesOf,
  type WebhookAddress,
  type WebhookClientConfig,
} from "./client_config.ts";
import { endpointOf } from "./service_endpoint.ts";
import { connectionText, statusText, WebhookError } from "./webhook_error.ts";

/** Webhooks whose connections are kept at once; those of the one unused longest are closed. */
const CLIENTS_MAXIMUM = 128;
/** A review with a patch of an object of the largest size, and room: answers past it are refused. */
const RESPONSE_MAXIMUM_BYTES = 16 * 1024 * 1024;

export interface WebhookCall {
  readonly client: WebhookClientConfig;
  /** Sent as JSON. */
  readonly body: JsonValue;
  readonly timeoutMilliseconds: number;
  /** Ends the call early: the request it is for has gone. */
  readonly signal?: AbortSignal;
  /** 16 MiB where not given. */
  readonly responseMaximumBytes?: number;
}

/** Calls a webhook and answers the JSON that it sends back. Rejects with `WebhookError`, whatever goes wrong. */
export type CallWebhook = (call: WebhookCall) => Promise<JsonValue>;

export interface WebhookCallerOptions {
  readonly reader: ObjectReader;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The one caller of webhooks. A Service is resolved to a ready endpoint each time a connection is opened, and dialled
 * through its node's tunnel where there is one. A certificate must be for `<service>.<namespace>.svc`, or the URL's host.
 * As upstream, a URL may name any host, link-local and loopback ones too: only who may write configurations of the
 * whole cluster writes URLs. No redirect is followed, so that nobody else can lead a call elsewhere.
 */
export class WebhookCaller {
  readonly #options: WebhookCallerOptions;
  readonly #clients = new Map<string, TlsClient>();

  constructor(options: WebhookCallerOptions) {
    this.#options = options;
  }

  readonly call: CallWebhook = async (call) => {
    const { client: config, timeoutMilliseconds, signal } = call;
    const address = guarded(() => addressOf(config));
    const query = `timeout=${timeoutMilliseconds / 1000}s`;
    const join = (path: string) => path + (path.includes("?") ? "&" : "?") + query;
    const given = new AbortController();
    const late = new WebhookError("context deadline exceeded");
    const timer = this.#options.clock.after(timeoutMilliseconds, () => given.abort(late));
    const left = () => given.abort(new WebhookError("context canceled"));
    signal?.addEventListener("abort", left, { once: true });
    if (signal?.aborted === true) left();
    try {
      const client = this.#clientOf(address, config.caBundle);
      const answer = await client.request({
        method: "POST",
        path: join(address.path),
        headers: {
          host: address.authority,
          "content-type": "application/json",
          accept: "application/json, */*",
          "user-agent": "kube-apiserver-admission",
        },
        body: new TextEncoder().encode(JSON.stringify(call.body)),
        signal: given.signal,
      });
      const text = await readText(
        answer,
        call.responseMaximumBytes ?? RESPONSE_MAXIMUM_BYTES,
        given.signal,
      );
      if (answer.status < 200 || answer.status > 299) {
        throw new StatusError(statusText(answer.status, text), answer.status);
      }
      return parsed(text);
    } catch (error) {
      if (error instanceof StatusError) throw new WebhookError(error.message, error.status);
      const why = connectionText(error, address.authority);
      throw new WebhookError(`Post ${JSON.stringify(join(address.url))}: ${why}`);
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", left);
    }
  };

  /** Ends every connection. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #clientOf(address: WebhookAddress, caBundle: string | undefined): TlsClient {
    const key = `${address.authority}|${caBundle ?? ""}`;
    let client = this.#clients.get(key);
    if (client !== undefined) {
      this.#clients.delete(key);
    } else {
      const authorities = authoritiesOf(caBundle);
      client = new TlsClient({
        connect: () => this.#connect(address),
        serverName: address.serverName,
        now: () => this.#options.clock.now(),
        ...(authorities === undefined ? {} : { authorities }),
      });
    }
    this.#clients.set(key, client);
    if (this.#clients.size > CLIENTS_MAXIMUM) {
      const [oldest, idle] = this.#clients.entries().next().value!;
      this.#clients.delete(oldest);
      idle.close();
    }
    return client;
  }

  async #connect({ to }: WebhookAddress): Promise<Duplex> {
    const { reader, dial, random } = this.#options;
    const target = "name" in to ? await endpointOf(reader, random, to) : to;
    try {
      return await dial.connect(target);
    } catch (error) {
      throw new Error(connectionText(error, `${target.host}:${target.port}`));
    }
  }
}

class StatusError extends WebhookError {}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new WebhookError(error instanceof Error ? error.message : String(error));
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new StatusError(
      `expected response of JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function readText(
  { body }: TlsAnswer,
  maximumBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const abort = () => {
    body.destroy();
    aborted.reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([collect(body, maximumBytes), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function collect(body: Readable, maximumBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Uint8Array).length;
    if (size > maximumBytes) {
      body.destroy();
      throw new StatusError(`the response is larger than ${maximumBytes} bytes`);
    }
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}
