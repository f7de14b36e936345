import {
  type Clock,
  equalJson,
  hasReason,
  type Logger,
  type MetricRegistry,
  type Random,
  sleep,
  type Timer,
} from "../../base/mod.ts";
import {
  CLEANUP_FINALIZER,
  type CustomDefinitions,
  customDefinitions,
  type CustomResourceDefinition,
  type RuleMeter,
} from "../../api/served.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import type { Registry } from "../registry/mod.ts";
import type { CallWebhook } from "../webhook/mod.ts";
import { InstanceCleanup } from "./cleanup.ts";
import { findCondition, isTrue, withCondition } from "./conditions.ts";
import { conversionMeter, type MeterConversion } from "./conversion_metrics.ts";
import { UNREADABLE_BUNDLE } from "./naming.ts";
import { ruleMeter } from "./rule_metrics.ts";
import { planStatus } from "./status_plan.ts";
import { webhookConversion } from "./webhook_conversion.ts";

const GROUP = "apiextensions.k8s.io";
const RESOURCE = "customresourcedefinitions";
const RETRY_MILLISECONDS = 1000;
const LOOK_MAXIMUM_MILLISECONDS = 2000;

export interface DefinitionServiceOptions {
  readonly registry: Registry;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  /** Calls the webhooks that convert between versions. */
  readonly call: CallWebhook;
  readonly metrics: MetricRegistry;
}

/** A definition as it is served. */
interface Served {
  readonly definition: CustomResourceDefinition;
  readonly definitions: CustomDefinitions;
}

/**
 * Serves what CustomResourceDefinitions define, from when their names are accepted until they are gone. One after the
 * other they get their names, conditions and, when they are deleted, the end of their objects.
 */
export class DefinitionService {
  readonly #options: DefinitionServiceOptions;
  readonly #served = new Map<string, Served>();
  /** Names of definitions that something has happened to: as many as there are definitions at most. */
  readonly #waiting = new Set<string>();
  readonly #cleanup: InstanceCleanup;
  readonly #meter: MeterConversion;
  readonly #rules: RuleMeter;
  readonly #retries = new Map<string, Timer>();
  #working: Promise<void> | undefined;
  #ended = false;
  #looking: Promise<void> = Promise.resolve();
  #nextLook: Promise<void> | undefined;

  constructor(options: DefinitionServiceOptions) {
    this.#options = options;
    this.#meter = conversionMeter(options.metrics, options.clock);
    this.#rules = ruleMeter(options.metrics, options.clock);
    this.#cleanup = new InstanceCleanup(options.registry, (name) => this.#enqueue(name));
  }

  /** Serves all that is established, at once, and follows what changes. Answers how to end it. */
  start(): () => void {
    const { reader } = this.#options;
    const end = reader.onChange(GROUP, RESOURCE, ({ current, previous }) => {
      const name = (current ?? previous)?.metadata?.name ?? "";
      if (current === undefined) this.#remove(name);
      this.#enqueue(name);
    });
    for (const definition of this.#all()) {
      this.#serve(definition);
      this.#enqueue(definition.metadata?.name ?? "");
    }
    return () => {
      this.#ended = true;
      end();
      this.#cleanup.close();
      for (const timer of this.#retries.values()) timer.cancel();
    };
  }

  /**
   * Resolves when everything is served that is established now, whoever established it. Questions that come together are
   * answered by one look at the store. While that cannot be read, what is known must do: never rejects, and resolves
   * after two seconds at the latest.
   */
  async catchUp(): Promise<void> {
    const enough = new AbortController();
    const late = sleep(this.#options.clock, LOOK_MAXIMUM_MILLISECONDS, enough.signal)
      .catch(() => {});
    await Promise.race([this.#lookAfterThis(), late]);
    enough.abort();
  }

  async #lookAfterThis(): Promise<void> {
    // Who joins a look that has begun may know of something that it does not show.
    await this.#looking;
    try {
      await (this.#nextLook ??= this.#look());
    } catch (error) {
      this.#options.logger.info("definitions of other servers could not be looked at", { error });
    }
  }

  #look(): Promise<void> {
    const look = (async () => {
      await Promise.resolve();
      this.#nextLook = undefined;
      await this.#options.reader.fresh(GROUP, RESOURCE);
      for (const definition of this.#all()) {
        const known = this.#served.has(definition.metadata?.name ?? "");
        if (!known && !this.#ended) this.#serve(definition);
      }
    })();
    this.#looking = look.catch(() => {});
    return look;
  }

  #all(): CustomResourceDefinition[] {
    return this.#options.reader.list<CustomResourceDefinition>(GROUP, RESOURCE);
  }

  #enqueue(name: string): void {
    this.#waiting.add(name);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // Events come in batches: whoever told of one goes on first.
    await Promise.resolve();
    for (const name of this.#waiting) {
      if (this.#ended) break;
      this.#waiting.delete(name);
      try {
        await this.#reconcile(name);
      } catch (error) {
        // Somebody else was faster: that event comes as well.
        if (!hasReason(error, "Conflict") && !hasReason(error, "NotFound")) {
          this.#options.logger.error("a custom resource definition was not handled", {
            name,
            error,
          });
          this.#retry(name);
        }
      }
    }
    this.#working = undefined;
    if (this.#waiting.size > 0 && !this.#ended) this.#working = this.#work();
  }

  #retry(name: string): void {
    if (this.#retries.has(name) || this.#ended) return;
    this.#retries.set(
      name,
      this.#options.clock.after(RETRY_MILLISECONDS, () => {
        this.#retries.delete(name);
        this.#enqueue(name);
      }),
    );
  }

  async #reconcile(name: string): Promise<void> {
    const { reader, writer, clock } = this.#options;
    const definition = reader.get<CustomResourceDefinition>(GROUP, RESOURCE, "", name);
    if (definition === undefined) return;
    const status = planStatus(definition, this.#all(), clock.now());
    const next = { ...definition, status };
    // Who hears that it is established may ask for it in the same moment.
    this.#serve(next);
    if (status !== definition.status) {
      await writer.update(GROUP, RESOURCE, next, "status");
      if (!equalJson(status.acceptedNames, definition.status?.acceptedNames)) {
        this.#enqueueGroup(definition);
      }
      return;
    }
    await this.#finalize(definition);
  }

  /** Names may have come free, or been taken. */
  #enqueueGroup({ metadata, spec }: CustomResourceDefinition): void {
    for (const other of this.#all()) {
      const name = other.metadata?.name ?? "";
      if (other.spec?.group === spec?.group && name !== metadata?.name) this.#enqueue(name);
    }
  }

  #serve(definition: CustomResourceDefinition): void {
    const name = definition.metadata?.name ?? "";
    const known = this.#served.get(name);
    const named = isTrue(definition, "NamesAccepted") &&
      findCondition(definition, "Established")?.reason !== UNREADABLE_BUNDLE;
    if (!named && !isTrue(definition, "Established")) {
      if (known !== undefined) this.#remove(name);
      return;
    }
    if (known !== undefined && sameService(known.definition, definition)) {
      known.definitions.lifecycle.terminating = isTrue(definition, "Terminating");
      return;
    }
    const definitions = customDefinitions(definition, this.#rules);
    if (definitions === undefined) return;
    if (known !== undefined) this.#remove(name);
    const { registry, call, random } = this.#options;
    if (
      !registry.define(definitions, webhookConversion(definition, call, random, this.#meter))
    ) return;
    this.#served.set(name, { definition, definitions });
  }

  #remove(name: string): void {
    const known = this.#served.get(name);
    this.#cleanup.forget(name);
    if (known === undefined) return;
    this.#served.delete(name);
    this.#options.registry.undefine(known.definitions.stored);
    this.#enqueueGroup(known.definition);
  }

  /** Deletes the objects of a definition that is being deleted, and then lets it go. */
  async #finalize(definition: CustomResourceDefinition): Promise<void> {
    const { metadata = {} } = definition;
    const { name = "", finalizers = [] } = metadata;
    if (metadata.deletionTimestamp === undefined || !finalizers.includes(CLEANUP_FINALIZER)) return;
    const served = this.#served.get(name);
    if (served === undefined || !isTrue(definition, "Established")) {
      return this.#release(definition, "NeverEstablished", "resource was never established");
    }
    const terminating = {
      type: "Terminating",
      status: "True",
      reason: "InstanceDeletionInProgress",
      message: "CustomResource deletion is in progress",
    };
    const told = definition.status?.conditions?.some(({ reason }) => reason === terminating.reason);
    if (told !== true) {
      await this.#write(definition, terminating);
      return;
    }
    if (await this.#cleanup.run(name, served.definitions.stored)) {
      await this.#release(definition, "InstanceDeletionCompleted", "removed all instances");
    }
  }

  #release(definition: CustomResourceDefinition, reason: string, message: string): Promise<void> {
    const { finalizers = [], ...metadata } = definition.metadata ?? {};
    const left = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    return this.#write(
      {
        ...definition,
        metadata: left.length === 0 ? metadata : { ...metadata, finalizers: left },
      },
      { type: "Terminating", status: "False", reason, message },
    );
  }

  async #write(
    definition: CustomResourceDefinition,
    condition: Parameters<typeof withCondition>[1],
  ): Promise<void> {
    const { status = {} } = definition;
    const { writer, clock } = this.#options;
    const conditions = withCondition(status.conditions ?? [], condition, clock.now());
    await writer.update(
      GROUP,
      RESOURCE,
      { ...definition, status: { ...status, conditions } },
      "status",
    );
  }
}

/** True where two states of a definition serve the same. */
function sameService(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  return a.metadata?.uid === b.metadata?.uid && equalJson(a.spec, b.spec) &&
    equalJson(a.status?.acceptedNames, b.status?.acceptedNames);
}
