import {
  ApiError,
  expired,
  internalError,
  serviceUnavailable,
  type Timer,
} from "../../base/mod.ts";
import { type CacheWatch, CompactedError } from "../../storage/mod.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { watchSelection } from "./field_fanout.ts";
import type { Presentation } from "./presentation.ts";
import type { ReadServices, WatchMeter } from "./read_request.ts";
import type { Selection } from "./selection.ts";
import { batchFrames, errorFrame, eventFrame, Frames, type ObjectEvent } from "./watch_event.ts";

/** What waits for a watcher that reads slower than events come; one with more is ended, and watches anew. */
export const WATCH_WAITING_MAXIMUM_BYTES = 8 * 1024 * 1024;
const WATCH_WAITING_MAXIMUM_EVENTS = 20_000;
/** What is written at once of a long past. */
const CHUNK_BYTES = 128 * 1024;
const BOOKMARK_MILLISECONDS = 60_000;
/** How long before its end a watch gets its last bookmark. */
const LAST_BOOKMARK_MILLISECONDS = 2000;
const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

/** Where a watcher writes. */
export interface WatchOutput {
  /** Bytes it would still take; none or less: wait for its call of `Watcher.pump`. */
  readonly room: number;
  write(frames: Frames): void;
  /** Ends it after what has been written. */
  close(): void;
}

/** What a watch was asked to send. */
export interface WatchPlan {
  /** Events after this revision; undefined starts now. */
  readonly after: number | undefined;
  /** First an ADDED for all there is. */
  readonly initial: boolean;
  /** Tell the end of those. */
  readonly initialEnd: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMilliseconds: number;
}

/** One watch: state, then events, in order, to one output. */
export class Watcher {
  readonly #timers: Timer[] = [];
  #bookmarkTimer: Timer | undefined;
  #output: WatchOutput | undefined;
  #watch: CacheWatch | undefined;
  #initial: readonly StoredObject[] = [];
  #initialAt = 0;
  #initialRevision = 0;
  #initialDone = false;
  #waiting: ObjectEvent[] = [];
  #waitingAt = 0;
  #waitingBytes = 0;
  #first = true;
  #ended = false;
  /** True while the cache hands over the past, whose length its own window bounds. */
  #starting = false;
  /** Where somebody must convert what is shown first: all that is under way, in its order. */
  #converting: Promise<void> = Promise.resolve();
  #convertingInitial = false;
  /** How many entries that are. */
  #convertingEntries = 0;

  constructor(
    readonly selection: Selection,
    readonly presentation: Presentation,
    readonly plan: WatchPlan,
    readonly services: ReadServices,
  ) {}

  /** Hears how it goes on. */
  meter: WatchMeter | undefined;

  get ended(): boolean {
    return this.#ended;
  }

  /** Starts to write to `output`. State and watch are taken in one turn, so that nothing lies between them. */
  start(output: WatchOutput): void {
    this.#output = output;
    const { plan, selection, services } = this;
    const { cache } = selection.view.resource;
    const { clock, shutdown } = services;
    if (shutdown.aborted) return this.end();
    shutdown.addEventListener("abort", this.#onShutdown, { once: true });
    this.#initialRevision = cache.revision;
    const { converts } = selection.view.resource;
    if (plan.initial) {
      const initial = [...converts ? selection.candidates() : selection.current()];
      this.meter?.initial(initial.length);
      if (converts) {
        this.#convertingInitial = true;
        this.#convert(initial, () => {
          this.#convertingInitial = false;
          this.#initial = initial.filter((entry) => selection.matches(entry));
        });
      } else this.#initial = initial;
    }
    this.#starting = true;
    try {
      this.#watch = watchSelection(selection, plan.after ?? cache.revision, {
        events: converts ? (batch) => this.#convertBatch(batch) : (batch) => this.#take(batch),
        end: (error) => error === undefined ? this.end() : this.#fail(error),
      });
    } catch (error) {
      return this.#fail(error);
    } finally {
      this.#starting = false;
    }
    const { timeoutMilliseconds } = plan;
    this.#timers.push(clock.after(timeoutMilliseconds, () => this.end()));
    if (plan.bookmarks) {
      this.#timers.push(
        clock.after(timeoutMilliseconds - LAST_BOOKMARK_MILLISECONDS, () => this.#bookmark()),
      );
      this.#bookmarkLater();
    }
    this.pump();
  }

  /** Writes what waits as far as there is room. */
  pump(): void {
    while (!this.#ended && this.#room > 0) {
      if (!this.#initialDone && this.#convertingInitial) return;
      if (this.#initialAt < this.#initial.length) this.#writeInitial();
      else if (!this.#initialDone) this.#endInitial();
      else if (this.#waitingAt < this.#waiting.length) this.#writeWaiting();
      else return;
    }
  }

  /** Ends without a word, as a watch whose time is over. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watch?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#bookmarkTimer?.cancel();
    this.services.shutdown.removeEventListener("abort", this.#onShutdown);
    this.#initial = [];
    this.#waiting = [];
    this.#output?.close();
    this.meter?.closed();
  }

  readonly #onShutdown = () => this.end();

  get #room(): number {
    return this.#output?.room ?? 0;
  }

  get #behind(): boolean {
    return !this.#initialDone || this.#waitingAt < this.#waiting.length ||
      this.#convertingEntries > 0;
  }

  #write(frames: Frames): void {
    this.meter?.sent(frames.list);
    this.#output?.write(frames);
  }

  /** Hands a batch on when its objects have been made be of the version that is watched. */
  #convertBatch(batch: readonly ObjectEvent[]): void {
    const past = this.#starting;
    const entries: StoredObject[] = [];
    for (const { current, previous } of batch) {
      for (const entry of [current, previous]) {
        if (entry !== undefined && this.selection.mayMatch(entry)) entries.push(entry);
      }
    }
    this.#convert(entries, () => this.#take(batch, past));
    if (!past && this.#convertingEntries > WATCH_WAITING_MAXIMUM_EVENTS) this.#endSlow();
  }

  #convert(entries: readonly StoredObject[], done: () => void): void {
    this.#convertingEntries += entries.length;
    this.#converting = this.#converting.then(async () => {
      if (this.#ended) return;
      await this.selection.view.prepare(entries);
      this.#convertingEntries -= entries.length;
      if (this.#ended) return;
      done();
      this.pump();
    }).catch((error) => this.#fail(error));
  }

  #take(batch: readonly ObjectEvent[], past = this.#starting): void {
    if (this.#ended) return;
    if (!past && !this.#behind && this.#room > 0 && !this.#firstDiffers) {
      const frames = batchFrames(batch, this.selection, this.presentation.form);
      if (frames.list.length > 0) this.#write(frames);
      return;
    }
    for (const event of batch) {
      this.#waiting.push(event);
      if (!past) this.#waitingBytes += sizeOf(event);
    }
    const tooMany = this.#waiting.length - this.#waitingAt > WATCH_WAITING_MAXIMUM_EVENTS;
    if (!past && (tooMany || this.#waitingBytes > WATCH_WAITING_MAXIMUM_BYTES)) {
      return this.#endSlow();
    }
    if (!past) this.pump();
  }

  #endSlow(): void {
    const { resource } = this.selection.view;
    this.services.logger.warn("watch ended: its client reads too slowly", {
      resource: resource.definition.plural,
      prefix: this.selection.prefix,
    });
    this.meter?.tooSlow();
    this.end();
  }

  get #firstDiffers(): boolean {
    return this.#first && this.presentation.form.firstDiffers;
  }

  #writeInitial(): void {
    const { form } = this.presentation;
    const frames: Uint8Array[] = [];
    let bytes = 0;
    for (
      let entry;
      bytes < CHUNK_BYTES && (entry = this.#initial[this.#initialAt]) !== undefined;
    ) {
      const frame = form.event("ADDED", entry, this.#first);
      this.#first = false;
      this.#initialAt++;
      frames.push(frame);
      bytes += frame.length;
    }
    this.#write(new Frames(frames));
  }

  #endInitial(): void {
    this.#initialDone = true;
    this.#initial = [];
    this.#initialAt = 0;
    if (!this.plan.initialEnd) return;
    const frame = this.presentation.form.bookmark(this.#initialRevision, INITIAL_EVENTS_END);
    this.#write(new Frames([frame]));
    this.meter?.listed();
  }

  #writeWaiting(): void {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    for (
      let event;
      bytes < CHUNK_BYTES && (event = this.#waiting[this.#waitingAt]) !== undefined;
    ) {
      this.#waitingAt++;
      const frame = eventFrame(event, this.selection, this.presentation.form, this.#first);
      if (frame === undefined) continue;
      this.#first = false;
      frames.push(frame);
      bytes += frame.length;
    }
    if (this.#waitingAt === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingAt = 0;
      this.#waitingBytes = 0;
    }
    if (frames.length > 0) this.#write(new Frames(frames));
  }

  #bookmark(): void {
    // A bookmark says that all before it has been sent, so one that is behind gets none.
    if (this.#ended || this.#behind || this.#room <= 0) return;
    const { revision } = this.selection.view.resource.cache;
    this.#write(new Frames([this.presentation.form.bookmark(revision)]));
  }

  #bookmarkLater(): void {
    this.#bookmarkTimer = this.services.clock.after(BOOKMARK_MILLISECONDS, () => {
      this.#bookmark();
      if (!this.#ended) this.#bookmarkLater();
    });
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#write(new Frames([errorFrame(watchError(error), this.presentation.negotiated)]));
    this.end();
  }
}

function sizeOf({ current, previous }: ObjectEvent): number {
  return (current ?? previous)?.bytes.length ?? 0;
}

function watchError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof CompactedError) {
    return expired(`too old resource version: ${error.requested} (${error.compacted})`);
  }
  return error instanceof Error && error.name === "StoreFailedError"
    ? serviceUnavailable(error.message)
    : internalError(error instanceof Error ? error.message : String(error));
}
