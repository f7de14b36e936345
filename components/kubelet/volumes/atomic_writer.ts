import type { FileSet } from "./file_set.ts";

const DATA_LINK = "..data";
const NEW_DATA_LINK = "..data_tmp";

/**
 * Makes a directory show a set of files, all of them at once: the files lie in a folder of their own, `..data` points
 * to it and every visible name points through `..data`; one rename swaps old for new. Answers whether anything changed.
 */
export async function writeAtomically(
  directory: string,
  files: FileSet,
  folderName: string,
): Promise<boolean> {
  const old = await readLink(`${directory}/${DATA_LINK}`);
  if (old !== undefined && await shows(`${directory}/${old}`, files)) return false;
  const folder = `${directory}/${folderName}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.chmod(folder, 0o755);
  for (const [path, file] of files) {
    const target = `${folder}/${path}`;
    const slash = path.lastIndexOf("/");
    if (slash > 0) await Deno.mkdir(`${folder}/${path.slice(0, slash)}`, { recursive: true });
    await Deno.writeFile(target, file.bytes);
    await Deno.chmod(target, file.mode);
    if (file.owner !== undefined) await Deno.chown(target, file.owner, null);
  }
  await Deno.remove(`${directory}/${NEW_DATA_LINK}`).catch(() => {});
  await Deno.symlink(folderName, `${directory}/${NEW_DATA_LINK}`);
  await Deno.rename(`${directory}/${NEW_DATA_LINK}`, `${directory}/${DATA_LINK}`);
  await linkNames(directory, new Set([...files.keys()].map((path) => path.split("/", 1)[0] ?? "")));
  if (old !== undefined && old !== folderName) {
    await Deno.remove(`${directory}/${old}`, { recursive: true }).catch(() => {});
  }
  return true;
}

/** Visible names point through `..data`; those that no file has any more go. */
async function linkNames(directory: string, names: ReadonlySet<string>): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith("..") && !names.has(name)) await Deno.remove(`${directory}/${name}`);
  }
  for (const name of names) {
    if (await readLink(`${directory}/${name}`) === undefined) {
      await Deno.symlink(`${DATA_LINK}/${name}`, `${directory}/${name}`);
    }
  }
}

async function readLink(path: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(path);
  } catch {
    return undefined;
  }
}

async function shows(folder: string, files: FileSet): Promise<boolean> {
  let count = 0;
  const countIn = async (path: string): Promise<void> => {
    for await (const entry of Deno.readDir(path)) {
      if (entry.isDirectory) await countIn(`${path}/${entry.name}`);
      else count++;
    }
  };
  try {
    await countIn(folder);
    if (count !== files.size) return false;
    for (const [path, file] of files) {
      const bytes = await Deno.readFile(`${folder}/${path}`);
      if (bytes.length !== file.bytes.length) return false;
      if (bytes.some((byte, i) => byte !== file.bytes[i])) return false;
    }
    return true;
  } catch {
    return false;
  }
}
