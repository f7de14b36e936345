import { SANDBOX_LABEL } from "./names.ts";
import type { LibpodClient } from "./libpod_client.ts";

const LINE_MAXIMUM_CHARACTERS = 1024 * 1024;
/** Those after which a container's state is another one. */
const TELLING = new Set(["start", "died", "remove", "oom"]);

interface PodmanEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly status?: string;
  readonly Status?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

/**
 * Ends of containers as their monitors write them down, until the signal: at once, and also while Podman's service is
 * dead. Its own events come up to a quarter second late.
 */
export async function* containerExits(
  exitsDirectory: string,
  signal: AbortSignal,
): AsyncGenerator<ContainerEvent> {
  if (signal.aborted) return;
  const watcher = Deno.watchFs(exitsDirectory, { recursive: false });
  const close = () => {
    try {
      watcher.close();
    } catch {
      // It is closed.
    }
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    for await (const { kind, paths } of watcher) {
      // The file stands under its own name once it is written in full.
      if (kind === "remove" || kind === "access") continue;
      for (const path of paths) {
        const containerId = path.slice(path.lastIndexOf("/") + 1);
        if (/^[0-9a-f]{64}$/.test(containerId)) yield { containerId };
      }
    }
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

export interface ContainerEvent {
  readonly containerId: string;
  readonly sandboxId?: string;
}

/** Follows Podman's events until the signal. Ends, or rejects, when the service goes: the caller begins again. */
export async function* containerEvents(
  client: LibpodClient,
  signal: AbortSignal,
): AsyncGenerator<ContainerEvent> {
  let response: Response;
  try {
    response = await client.open("GET", "/events", {
      query: { stream: true, filters: JSON.stringify({ type: ["container"] }) },
      signal,
    });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = (lines.pop() ?? "").slice(0, LINE_MAXIMUM_CHARACTERS);
      for (const line of lines) {
        const event = parseEvent(line);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** One line of the stream; undefined for what changes no container of ours. Pure. */
export function parseEvent(line: string): ContainerEvent | undefined {
  if (line.trim() === "") return undefined;
  let event: PodmanEvent;
  try {
    event = JSON.parse(line) as PodmanEvent;
  } catch {
    return undefined;
  }
  const action = event.Action ?? event.status ?? event.Status ?? "";
  const containerId = event.Actor?.ID;
  if (!TELLING.has(action) || containerId === undefined) return undefined;
  const sandboxId = event.Actor?.Attributes?.[SANDBOX_LABEL];
  return { containerId, ...(sandboxId === undefined ? {} : { sandboxId }) };
}
