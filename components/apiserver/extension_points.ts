import type { Clock, Logger, MetricRegistry, Random } from "../base/mod.ts";
import type { Credential } from "../pki/mod.ts";
import type { Dial } from "../serving/mod.ts";
import { AdmissionExtensions } from "./admission/mod.ts";
import { Aggregator } from "./aggregation/mod.ts";
import type { Answer } from "./app.ts";
import type { Authorizer, ObjectReader, ObjectWriter } from "./ports.ts";
import type { Registry } from "./registry/mod.ts";
import { type CallWebhook, WebhookCaller } from "./webhook/mod.ts";

export interface ExtensionPointOptions {
  readonly registry: Registry;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly authorizer: Authorizer;
  /** What is shown to servers behind this one. */
  readonly proxyClient: () => Promise<Pick<Credential, "certificate" | "key">>;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
}

/** Where other programs take part in what this server does: webhooks, policies, servers behind it. */
export class ExtensionPoints {
  readonly admission: AdmissionExtensions;
  readonly aggregator: Aggregator;
  /** Calls a webhook, for whoever has one. */
  readonly call: CallWebhook;
  readonly #webhooks: WebhookCaller;

  constructor(options: ExtensionPointOptions) {
    const {
      authorizer,
      clock,
      dial,
      logger,
      metrics,
      proxyClient,
      random,
      reader,
      registry,
      writer,
    } = options;
    this.#webhooks = new WebhookCaller({ reader, dial, clock, random });
    this.call = this.#webhooks.call;
    this.admission = new AdmissionExtensions({
      reader,
      authorizer,
      definitions: registry.definitions,
      convertStored: (objects, to) => registry.convertStored(objects, to),
      call: this.call,
      random,
      logger,
      metrics,
      clock,
    });
    this.aggregator = new Aggregator({
      reader,
      writer,
      dial,
      clock,
      random,
      logger,
      credential: proxyClient,
      metrics,
    });
  }

  /** Answers of this server, but for what servers behind it answer. */
  resources(own: Answer): Answer {
    return (request, query, info, user, peer) =>
      this.aggregator.resource(request, info, user, peer.address) ??
        own(request, query, info, user, peer);
  }

  /** The same for what is no resource. */
  endpoints(own: Answer): Answer {
    return (request, query, info, user, peer) =>
      this.aggregator.endpoint(
        request,
        info.path,
        user,
        peer.address,
        (asked) => own(asked, query, info, user, peer),
      ) ?? own(request, query, info, user, peer);
  }

  /** Follows what is configured, once the caches are there; returns the end of it. */
  start(): () => void {
    const ends = [this.admission.start(), this.aggregator.start()];
    return () => ends.forEach((end) => end());
  }

  /** Ends every connection. */
  close(): void {
    this.#webhooks.close();
  }
}
