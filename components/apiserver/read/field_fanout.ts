import type { CacheSink, CacheWatch, WatchCache } from "../../storage/mod.ts";
import type { KubeObject } from "../../api/served.ts";
import type { ObjectIndex } from "../registry/resource_store.ts";
import type { Selection } from "./selection.ts";
import type { ObjectEvent } from "./watch_event.ts";
import type { VersionView } from "./version_view.ts";

type Sink = CacheSink<ObjectIndex>;
type Cache = WatchCache<ObjectIndex, KubeObject>;

interface Member {
  readonly sink: Sink;
  readonly after: number;
  readonly prefix: string;
}

/**
 * Watches by the value of one field: an event costs by the watchers of its own values and not by all there are (a
 * thousand kubelets watch the pods of one node each).
 */
class FieldFanout {
  readonly #members = new Map<string, Set<Member>>();
  #watch: CacheWatch | undefined;
  #size = 0;

  constructor(readonly view: VersionView, readonly field: string, readonly ended: () => void) {}

  add(value: string, prefix: string, after: number, sink: Sink): CacheWatch {
    const { cache } = this.view.resource;
    // The past comes before `watch` returns; what follows comes here, from the next turn on.
    const past: ObjectEvent[] = [];
    cache.watch(prefix, after, {
      events(batch) {
        for (const event of batch) past.push(event);
      },
      end() {},
    }).cancel();
    this.#watch ??= cache.watch(this.view.resource.prefix(""), cache.revision, {
      events: (batch) => this.#route(batch),
      progress: (revision) => this.#each(({ sink }) => sink.progress?.(revision)),
      end: (error) => {
        this.ended();
        this.#each(({ sink }) => sink.end(error));
        this.#members.clear();
      },
    });
    const member = { sink, after, prefix };
    let members = this.#members.get(value);
    if (members === undefined) this.#members.set(value, members = new Set());
    members.add(member);
    this.#size++;
    if (past.length > 0) sink.events(past);
    return { cancel: () => this.#remove(value, member) };
  }

  #remove(value: string, member: Member): void {
    const members = this.#members.get(value);
    if (members?.delete(member) !== true) return;
    if (members.size === 0) this.#members.delete(value);
    if (--this.#size > 0) return;
    this.#watch?.cancel();
    this.ended();
  }

  #each(call: (member: Member) => void): void {
    for (const members of [...this.#members.values()]) {
      for (const member of [...members]) call(member);
    }
  }

  #route(batch: readonly ObjectEvent[]): void {
    const routed = new Map<string, ObjectEvent[]>();
    const put = (value: string | undefined, event: ObjectEvent) => {
      if (value === undefined || !this.#members.has(value)) return;
      const events = routed.get(value);
      if (events === undefined) routed.set(value, [event]);
      else if (events.at(-1) !== event) events.push(event);
    };
    for (const event of batch) {
      const { current, previous } = event;
      if (current !== undefined) put(this.view.fields(current)[this.field], event);
      if (previous !== undefined) put(this.view.fields(previous)[this.field], event);
    }
    for (const [value, events] of routed) {
      for (const member of [...this.#members.get(value) ?? []]) {
        const wanted = events.filter(({ revision, key }) =>
          revision > member.after && key.startsWith(member.prefix)
        );
        if (wanted.length > 0) member.sink.events(wanted);
      }
    }
  }
}

const fanouts = new WeakMap<Cache, Map<string, FieldFanout>>();

/** Watches what a selection is about, from `after` on. Throws `CompactedError`. */
export function watchSelection(selection: Selection, after: number, sink: Sink): CacheWatch {
  const { view, prefix, routedField } = selection;
  const { cache } = view.resource;
  if (routedField === undefined) return cache.watch(prefix, after, sink);
  const { field, value } = routedField;
  let byField = fanouts.get(cache);
  if (byField === undefined) fanouts.set(cache, byField = new Map());
  const key = `${view.encoding.apiVersion} ${field}`;
  let fanout = byField.get(key);
  if (fanout === undefined) {
    const fields = byField;
    fanout = new FieldFanout(view, field, () => fields.delete(key));
    byField.set(key, fanout);
  }
  return fanout.add(value, prefix, after, sink);
}
