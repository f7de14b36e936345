import { SetupError } from "../pod_setup.ts";

/**
 * The real path of `subPath` inside a volume, with the directories on the way created. No part may lead out of the
 * volume, whatever links a container has put there. What is handed out holds no links.
 */
export async function resolveSubPath(volumePath: string, subPath: string): Promise<string> {
  const fail = (): never => {
    throw new SetupError(
      "CreateContainerConfigError",
      `failed to prepare subPath for volumeMount: subPath ${
        JSON.stringify(subPath)
      } must stay inside its volume`,
    );
  };
  const parts = subPath.split("/").filter((part) => part !== "" && part !== ".");
  if (subPath.startsWith("/") || parts.includes("..")) fail();
  const root = await Deno.realPath(volumePath);
  let at = root;
  for (const part of parts) {
    const next = `${at}/${part}`;
    const real = await Deno.realPath(next).catch(() => undefined);
    if (real === undefined) {
      // A link that leads nowhere must not be followed by mkdir.
      const link = await Deno.lstat(next).catch(() => undefined);
      if (link !== undefined) fail();
      await Deno.mkdir(next, { mode: 0o750 });
      at = next;
    } else at = real;
    if (at !== root && !at.startsWith(`${root}/`)) fail();
  }
  return at;
}
