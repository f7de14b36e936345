import { StoreFormatError, StoreLockedError } from "./store.ts";
import { KV_FORMAT } from "./kv_record.ts";

const FORMAT_FILE = "format";
const LOCK_FILE = "lock";
const DATABASE_FILE = "store.kv";

/** A data directory that this process owns. */
export interface KvDirectory {
  readonly databasePath: string;
  release(): void;
}

/**
 * Takes ownership of a data directory, making it when it is not there. Throws `StoreLockedError` when another process
 * has it, `StoreFormatError` when a newer program wrote it.
 */
export async function ownDirectory(directory: string, holder: string): Promise<KvDirectory> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(directory, holder);
  try {
    await checkFormat(directory);
  } catch (error) {
    lock.close();
    throw error;
  }
  // The file stays: removing it would let a third process lock a file that the second no longer sees.
  return { databasePath: `${directory}/${DATABASE_FILE}`, release: () => lock.close() };
}

/** The operating system lets go of the lock when the process ends, however it ends. */
async function lockDirectory(directory: string, holder: string): Promise<Deno.FsFile> {
  const path = `${directory}/${LOCK_FILE}`;
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  try {
    if (!await file.tryLock(true)) {
      const owner = (await Deno.readTextFile(path)).trim();
      throw new StoreLockedError(`${directory} is in use by ${owner || "another process"}`);
    }
    await file.truncate();
    await file.write(new TextEncoder().encode(`${holder}\n`));
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

async function checkFormat(directory: string): Promise<void> {
  const path = `${directory}/${FORMAT_FILE}`;
  const text = await readIfThere(path);
  if (text === undefined) {
    if (await exists(`${directory}/${DATABASE_FILE}`)) {
      throw new StoreFormatError(`${directory} holds a database but no ${FORMAT_FILE} file`);
    }
    await writeDurably(path, `${KV_FORMAT}\n`);
    return;
  }
  const format = Number(text.trim());
  if (!Number.isInteger(format) || format < 1) {
    throw new StoreFormatError(`${path} does not hold a format version`);
  }
  if (format > KV_FORMAT) {
    throw new StoreFormatError(
      `${directory} has format ${format}, written by a newer program; this one knows up to ${KV_FORMAT}`,
    );
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await Deno.open(temporary, { write: true, create: true, truncate: true });
  try {
    await file.write(new TextEncoder().encode(text));
    await file.sync();
  } finally {
    file.close();
  }
  await Deno.rename(temporary, path);
}
