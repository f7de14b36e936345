import type { LifecycleHandler, Pod } from "../api/mod.ts";
import { type Clock, sleep } from "../base/mod.ts";
import { portNumber } from "./probe_request.ts";
import type { ContainerRuntime, ContainerState } from "./runtime.ts";
import type { PodContainer } from "./pod_containers.ts";

/** Whoever runs a hook without a bound of its own gives up after this long. */
const HOOK_MAXIMUM_MILLISECONDS = 24 * 3600 * 1000;

/** Runs one lifecycle hook to its end; rejects with the text of the event when it failed. */
export async function runHook(
  runtime: ContainerRuntime,
  clock: Clock,
  hook: {
    readonly handler: LifecycleHandler;
    readonly pod: Pod;
    readonly container: PodContainer;
    readonly instance: Pick<ContainerState, "id" | "sandboxId">;
    readonly podIP: string;
    readonly timeoutMilliseconds?: number;
  },
): Promise<void> {
  const { handler, container, instance } = hook;
  const timeoutMilliseconds = hook.timeoutMilliseconds ?? HOOK_MAXIMUM_MILLISECONDS;
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? [];
    const { exitCode, output } = await runtime.execSync(instance.id, command, timeoutMilliseconds);
    if (exitCode === undefined) throw new Error(`command ${quoted(command)} timed out`);
    if (exitCode !== 0) {
      throw new Error(
        `command '${command.join(" ")}' exited with ${exitCode}: ${output}`,
      );
    }
  } else if (handler.sleep !== undefined) {
    await sleep(clock, Math.min((handler.sleep.seconds ?? 0) * 1000, timeoutMilliseconds));
  } else if (handler.httpGet !== undefined) {
    const { host, port, path, scheme, httpHeaders } = handler.httpGet;
    const result = await runtime.probe({
      kind: "http",
      sandboxId: instance.sandboxId,
      host: host === undefined || host === "" ? hook.podIP : host,
      port: portNumber(container.spec, port),
      path: path ?? "/",
      scheme: scheme === "HTTPS" ? "HTTPS" : "HTTP",
      headers: (httpHeaders ?? []).map(({ name = "", value = "" }) => ({ name, value })),
      timeoutMilliseconds,
    });
    if (!result.ok) throw new Error(result.output);
  }
}

function quoted(words: readonly string[]): string {
  return JSON.stringify(words.join(" "));
}
