import type { APIService } from "../../api/served.ts";
import type { ObjectReader } from "../ports.ts";
import { remoteOf, type RemoteService } from "./remote_service.ts";

/** APIs that servers behind this one answer, by `group/version`, kept up to date by changes of APIServices. */
export class RemoteIndex {
  readonly #byVersion = new Map<string, RemoteService>();
  readonly #listeners = new Set<(name: string) => void>();

  get empty(): boolean {
    return this.#byVersion.size === 0;
  }

  get all(): Iterable<RemoteService> {
    return this.#byVersion.values();
  }

  find(group: string, version: string): RemoteService | undefined {
    return this.#byVersion.get(`${group}/${version}`);
  }

  named(name: string): RemoteService | undefined {
    for (const remote of this.#byVersion.values()) if (remote.name === name) return remote;
    return undefined;
  }

  /** Calls back with the name of an APIService that may have become another. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.add(listener);
  }

  start(reader: ObjectReader): () => void {
    const take = (current: APIService | undefined, previous: APIService | undefined) => {
      const known = previous === undefined ? undefined : remoteOf(previous);
      const next = current === undefined ? undefined : remoteOf(current);
      if (known !== undefined) this.#byVersion.delete(`${known.group}/${known.version}`);
      if (next !== undefined) this.#byVersion.set(`${next.group}/${next.version}`, next);
      if (known === undefined && next === undefined) return;
      for (const listener of this.#listeners) listener((next ?? known)?.name ?? "");
    };
    const end = reader.onChange(
      "apiregistration.k8s.io",
      "apiservices",
      ({ current, previous }) => take(current, previous),
    );
    for (const each of reader.list<APIService>("apiregistration.k8s.io", "apiservices")) {
      take(each, undefined);
    }
    return end;
  }
}
