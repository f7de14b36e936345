import type { Random } from "../base/mod.ts";

/** Where keys and certificates are kept: small texts by name. */
export interface PkiFiles {
  /** The text, or undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Replaces the whole text at once, durably. Secrets are readable by their owner only. */
  write(name: string, text: string, options: { readonly secret: boolean }): Promise<void>;
  /** How messages name the file. */
  describe(name: string): string;
}

/** Files of a directory that is made when it is missing (mode 0700). */
export async function directoryFiles(directory: string, random: Random): Promise<PkiFiles> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const path = (name: string) => `${directory}/${name}`;
  return {
    describe: path,
    async read(name) {
      try {
        return await Deno.readTextFile(path(name));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    async write(name, text, { secret }) {
      const temporary = `${path(name)}.${random.uuid()}.tmp`;
      const mode = secret ? 0o600 : 0o644;
      try {
        const file = await Deno.open(temporary, { write: true, createNew: true, mode });
        try {
          let rest = new TextEncoder().encode(text);
          while (rest.length > 0) rest = rest.subarray(await file.write(rest));
          await file.sync();
        } finally {
          file.close();
        }
        await Deno.rename(temporary, path(name));
      } catch (error) {
        await Deno.remove(temporary).catch(() => {});
        throw error;
      }
    },
  };
}

/** Files that live as long as the process: for clusters that keep nothing. */
export function memoryFiles(): PkiFiles {
  const texts = new Map<string, string>();
  return {
    describe: (name) => name,
    read: (name) => Promise.resolve(texts.get(name)),
    write(name, text) {
      texts.set(name, text);
      return Promise.resolve();
    },
  };
}
