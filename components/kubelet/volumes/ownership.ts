/** Entries looked at for one volume; a larger one keeps the ownership it has. */
const ENTRIES_MAXIMUM = 1_000_000;

/**
 * Gives a volume to a group, as `fsGroup` asks: group of every entry, group rights as the owner's, and set-group-id
 * on folders, so that what is made there belongs to the group too. Best effort: without the right it stays as it is.
 */
export async function setGroup(
  root: string,
  group: number,
  onlyOnMismatch: boolean,
): Promise<void> {
  const info = await Deno.lstat(root);
  if (onlyOnMismatch && info.gid === group && ((info.mode ?? 0) & 0o2000) !== 0) return;
  let left = ENTRIES_MAXIMUM;
  const visit = async (path: string): Promise<void> => {
    if (left-- <= 0) return;
    const entry = await Deno.lstat(path);
    if (entry.isSymlink) return;
    await Deno.chown(path, null, group);
    const mode = entry.mode ?? 0;
    // Reading for the group as upstream grants it: rw, and for folders also x and set-group-id.
    await Deno.chmod(path, (mode & 0o7777) | (entry.isDirectory ? 0o2770 : 0o660));
    if (!entry.isDirectory) return;
    for await (const { name } of Deno.readDir(path)) await visit(`${path}/${name}`);
  };
  try {
    await visit(root);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
}
