import { readState, removeState, writeState } from "../../host/mod.ts";

/** Records on disk, one file each, with all of them in memory. One process owns the folder. */
export class RecordStore<T> {
  readonly #folder: string;
  readonly #records = new Map<string, T>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open<T>(folder: string): Promise<RecordStore<T>> {
    const store = new RecordStore<T>(folder);
    await Deno.mkdir(folder, { recursive: true });
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".json")) continue;
      // A file that cannot be read was never finished: what it would tell of has not begun.
      const record = await readState<T>(`${folder}/${name}`);
      if (record !== undefined) store.#records.set(name.slice(0, -".json".length), record);
    }
    return store;
  }

  get(id: string): T | undefined {
    return this.#records.get(id);
  }

  values(): T[] {
    return [...this.#records.values()];
  }

  ids(): string[] {
    return [...this.#records.keys()];
  }

  async put(id: string, record: T): Promise<void> {
    this.#records.set(id, record);
    await writeState(this.#path(id), record);
  }

  async delete(id: string): Promise<void> {
    this.#records.delete(id);
    await removeState(this.#path(id));
  }

  /** Ids come from us or from Podman: hexadecimal. */
  #path(id: string): string {
    return `${this.#folder}/${id}.json`;
  }
}
