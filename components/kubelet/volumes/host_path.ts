/** Checks a hostPath volume against its type, creating what the type asks for. Throws with the event's text. */
export async function prepareHostPath(path: string, type: string): Promise<void> {
  const fail = (what: string): never => {
    throw new Error(`hostPath type check failed: ${path} is not ${what}`);
  };
  const found = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  switch (type) {
    case "":
      return;
    case "DirectoryOrCreate":
      if (found === undefined) return await Deno.mkdir(path, { recursive: true, mode: 0o755 });
      if (!found.isDirectory) fail("a directory");
      return;
    case "Directory":
      if (found?.isDirectory !== true) fail("a directory");
      return;
    case "FileOrCreate":
      if (found === undefined) {
        return await Deno.writeFile(path, new Uint8Array(), { mode: 0o644 });
      }
      if (!found.isFile) fail("a file");
      return;
    case "File":
      if (found?.isFile !== true) fail("a file");
      return;
    case "Socket":
      if (found?.isSocket !== true) fail("a socket file");
      return;
    case "CharDevice":
      if (found?.isCharDevice !== true) fail("a character device");
      return;
    case "BlockDevice":
      if (found?.isBlockDevice !== true) fail("a block device");
      return;
    default:
      throw new Error(`hostPath type check failed: unknown type ${type}`);
  }
}
