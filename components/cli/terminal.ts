import type { Terminal } from "./command.ts";

/** The terminal that this process was started from. TERM and INT ask it to end; a second one ends it at once. */
export function processTerminal(): Terminal {
  const abort = new AbortController();
  const end = () => {
    if (abort.signal.aborted) Deno.exit(130);
    abort.abort(new Error("asked to end"));
  };
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
  return {
    print: (line) => console.log(line),
    tell: (line) => console.error(line),
    environment: (name) => Deno.env.get(name),
    uid: Deno.uid(),
    signal: abort.signal,
  };
}
