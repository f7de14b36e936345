import type { Pod } from "../api/mod.ts";
import { invariant } from "../base/mod.ts";
import type { KubeletContext } from "./kubelet_context.ts";
import { runHook } from "./lifecycle_hook.ts";
import type { PodAction } from "./pod_actions.ts";
import { latestInstance, type PodContainer } from "./pod_containers.ts";
import type { ContainerState, Image } from "./runtime.ts";
import { StartError, startError } from "./start_error.ts";

/** A container gets this long to end, however little grace is left. */
const STOP_MINIMUM_SECONDS = 2;

/** What the worker remembers of actions under way. */
export interface ActionMemory {
  /** Containers whose postStart hook runs. */
  readonly hooking: Set<string>;
  readonly preStopBegun: Set<string>;
  /** An image is being pulled: nothing of the container is there yet. */
  pulling: boolean;
  /** False when the pod is being ended: nothing new shall be made. */
  wanted(): boolean;
}

type Action<K extends PodAction["kind"]> = Extract<PodAction, { kind: K }>;

/** Carries out one action. Starts reject with `StartError`, all else with what the runtime threw. */
export async function execute(
  context: KubeletContext,
  pod: Pod | undefined,
  action: PodAction,
  memory: ActionMemory,
): Promise<void> {
  const { runtime } = context;
  switch (action.kind) {
    case "runSandbox":
      invariant(pod !== undefined, "a sandbox is run for a known pod");
      await runSandbox(context, pod, action.attempt);
      return;
    case "stopSandbox":
      return await runtime.stopSandbox(action.sandboxId);
    case "removeSandbox":
      return await runtime.removeSandbox(action.sandboxId);
    case "removeContainer":
      return await runtime.removeContainer(action.containerId);
    case "start":
      invariant(pod !== undefined, "a container is started for a known pod");
      return await start(context, pod, action, memory);
    case "preStop":
      invariant(pod !== undefined, "a hook is run for a known pod");
      return await preStop(context, pod, action.container, action.instance, action, memory);
    case "kill":
      return await kill(context, pod, action, memory);
  }
}

async function runSandbox(context: KubeletContext, pod: Pod, attempt: number): Promise<void> {
  const { runtime, setup, events } = context;
  if (attempt > 0) {
    const message = "Pod sandbox changed, it will be killed and re-created.";
    events.pod(pod, "Normal", "SandboxChanged", message);
  }
  try {
    await runtime.runSandbox(setup.sandboxConfig(pod, attempt));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const text = `Failed to create pod sandbox: ${message}`;
    events.pod(pod, "Warning", "FailedCreatePodSandBox", text);
    throw error;
  }
}

async function start(
  context: KubeletContext,
  pod: Pod,
  action: Action<"start">,
  memory: ActionMemory,
): Promise<void> {
  const { events, images, runtime } = context;
  const { container } = action;
  const fail = (error: unknown, fallback: string): never => {
    const failure = startError(error, fallback, container.spec.image);
    events.container(pod, container, "Warning", "Failed", `Error: ${failure.message}`);
    throw failure;
  };
  let image: Image;
  memory.pulling = true;
  try {
    image = await images.ensure(pod, container);
  } catch (error) {
    const failure = startError(error, "ErrImagePull");
    events.container(pod, container, "Warning", "Failed", `Error: ${failure.reason}`);
    throw failure;
  } finally {
    memory.pulling = false;
  }
  if (!memory.wanted()) return;
  if (action.replaces !== undefined) await runtime.removeContainer(action.replaces);
  const id = await create(context, pod, action, image).catch((error) =>
    fail(error, "CreateContainerError")
  );
  events.container(pod, container, "Normal", "Created", "Container created");
  const postStart = container.spec.lifecycle?.postStart;
  if (postStart !== undefined) memory.hooking.add(id);
  try {
    try {
      await runtime.startContainer(id);
    } catch (error) {
      fail(error, "RunContainerError");
    }
    events.container(pod, container, "Normal", "Started", "Container started");
    if (postStart === undefined) return;
    await hookAfterStart(context, pod, action, id);
  } finally {
    memory.hooking.delete(id);
  }
}

async function create(
  context: KubeletContext,
  pod: Pod,
  action: Action<"start">,
  image: Image,
): Promise<string> {
  const { cache, runtime, setup } = context;
  const sandbox = cache.pod(pod.metadata?.uid ?? "").sandboxes
    .find(({ id }) => id === action.sandboxId);
  invariant(sandbox !== undefined, "a container starts in a sandbox that was listed");
  const config = await setup.containerConfig(pod, action.container, action.attempt, sandbox, image)
    .catch((error) => {
      throw startError(error, "CreateContainerConfigError");
    });
  const target = targetOf(context, pod, action.container);
  return await runtime.createContainer(
    action.sandboxId,
    target === undefined ? config : { ...config, targetContainerId: target },
  );
}

/** The running container whose processes an ephemeral one wants to see. */
function targetOf(context: KubeletContext, pod: Pod, container: PodContainer): string | undefined {
  const name = pod.spec?.ephemeralContainers?.find((each) => each.name === container.name)
    ?.targetContainerName;
  if (name === undefined || name === "") return undefined;
  const instance = latestInstance(context.cache.pod(pod.metadata?.uid ?? ""), name);
  if (instance?.state === "running") return instance.id;
  throw new StartError("CreateContainerConfigError", `target container "${name}" is not running`);
}

async function hookAfterStart(
  context: KubeletContext,
  pod: Pod,
  action: Action<"start">,
  id: string,
): Promise<void> {
  const { clock, events, runtime } = context;
  const { container, sandboxId } = action;
  const handler = container.spec.lifecycle?.postStart;
  if (handler === undefined) return;
  try {
    const instance = { id, sandboxId };
    await runHook(runtime, clock, { handler, pod, container, instance, podIP: ipOf(context, pod) });
  } catch (error) {
    const message = `PostStartHook failed: ${error instanceof Error ? error.message : error}`;
    events.container(pod, container, "Warning", "FailedPostStartHook", message);
    events.container(
      pod,
      container,
      "Normal",
      "Killing",
      `FailedPostStartHook`,
    );
    await runtime.stopContainer(id, pod.spec?.terminationGracePeriodSeconds ?? 30);
    throw new StartError("PostStartHookError", message);
  }
}

async function preStop(
  context: KubeletContext,
  pod: Pod,
  container: PodContainer,
  instance: ContainerState,
  { graceSeconds }: { readonly graceSeconds: number },
  memory: ActionMemory,
): Promise<void> {
  const handler = container.spec.lifecycle?.preStop;
  if (handler === undefined || memory.preStopBegun.has(instance.id)) return;
  memory.preStopBegun.add(instance.id);
  const { clock, events, runtime } = context;
  const timeoutMilliseconds = graceSeconds * 1000;
  const podIP = ipOf(context, pod);
  try {
    await runHook(runtime, clock, {
      handler,
      pod,
      container,
      instance,
      podIP,
      timeoutMilliseconds,
    });
  } catch (error) {
    const message = `PreStopHook failed: ${error instanceof Error ? error.message : error}`;
    events.container(pod, container, "Warning", "FailedPreStopHook", message);
  }
}

async function kill(
  context: KubeletContext,
  pod: Pod | undefined,
  action: Action<"kill">,
  memory: ActionMemory,
): Promise<void> {
  const { clock, events, runtime } = context;
  const { container, instance } = action;
  if (pod !== undefined && container !== undefined) {
    events.container(pod, container, "Normal", "Killing", action.message);
  }
  const begun = clock.monotonic();
  if (action.preStop && action.graceSeconds > 0 && pod !== undefined && container !== undefined) {
    await preStop(context, pod, container, instance, action, memory);
  }
  const elapsed = (clock.monotonic() - begun) / 1000;
  const left = Math.max(STOP_MINIMUM_SECONDS, Math.ceil(action.graceSeconds - elapsed));
  await runtime.stopContainer(instance.id, left);
}

function ipOf(context: KubeletContext, pod: Pod): string {
  if (pod.spec?.hostNetwork === true) return context.hostIPs[0] ?? "127.0.0.1";
  return context.cache.pod(pod.metadata?.uid ?? "").sandboxes[0]?.ips[0] ?? "";
}
