/** What a socket's address can hold is 108 bytes; the rest of it is for the name in the folder. */
const FOLDER_BYTES_MAXIMUM = 92;

/**
 * Makes a new folder that only this user can enter, for sockets: who connects to one of them is known by that. It lies
 * in `parent`, whose owner removes what a killed process left, or among the machine's temporary files where there is no
 * parent or its path is too long for a socket's address.
 */
export async function makeSocketFolder(parent: string | undefined, name: string): Promise<string> {
  const room = parent === undefined ? 0 : FOLDER_BYTES_MAXIMUM - parent.length - name.length;
  // `/`, `-` and what makes the name the only one of its kind.
  const folder = await Deno.makeTempDir(
    parent !== undefined && room > 24
      ? { dir: parent, prefix: `${name}-` }
      : { prefix: `coracle-${name}-` },
  );
  await Deno.chmod(folder, 0o700);
  return folder;
}
