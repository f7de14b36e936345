/** What a socket's address can hold is 108 bytes; the rest of it is for the name in the folder. */
const FOLDER_BYTES_MAXIMUM = 92;
/** `/`, `-` and what makes the name of a folder the only one of its kind. */
const NAME_BYTES = 24;

/** Parents whose paths are too long, open for as long as this process lives. */
const opened = new Map<string, { readonly file: Deno.FsFile; readonly short: string }>();

/**
 * Makes a new folder that only this user can enter, for sockets: who connects to one of them is known by that. It lies
 * in `parent`, whose owner removes what a killed process left, or among the machine's temporary files where there is
 * none. Of a parent whose path is too long for a socket's address the answer is a way that is good in this process only.
 */
export async function makeSocketFolder(parent: string | undefined, name: string): Promise<string> {
  const folder = await Deno.makeTempDir(
    parent === undefined
      ? { prefix: `coracle-${name}-` }
      : { dir: isShort(parent, name) ? parent : await shortPath(parent), prefix: `${name}-` },
  );
  await Deno.chmod(folder, 0o700);
  return folder;
}

function isShort(parent: string, name: string): boolean {
  return new TextEncoder().encode(parent + name).length + NAME_BYTES <= FOLDER_BYTES_MAXIMUM;
}

/** An open folder has a short path besides its own: that of its descriptor. */
async function shortPath(folder: string): Promise<string> {
  const path = await Deno.realPath(folder);
  const known = opened.get(path);
  if (known !== undefined && await leadsTo(known.short, path)) return known.short;
  known?.file.close();
  opened.delete(path);
  const file = await Deno.open(path);
  const descriptors = "/proc/self/fd";
  for await (const { name } of Deno.readDir(descriptors)) {
    const short = `${descriptors}/${name}`;
    if (!await leadsTo(short, path)) continue;
    opened.set(path, { file, short });
    return short;
  }
  file.close();
  throw new Error(`the path is too long for sockets: ${folder}`);
}

/** False also where the folder was removed, and perhaps made again. */
async function leadsTo(descriptor: string, path: string): Promise<boolean> {
  return await Deno.readLink(descriptor).catch(() => "") === path;
}
