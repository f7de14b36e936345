import { type Pod, type Secret, SECRETS } from "../api/mod.ts";
import type { Clock } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import type { PodContainer } from "./pod_containers.ts";
import type { PodEvents } from "./pod_events.ts";
import { registryAuth } from "./registry_auth.ts";
import { durationText } from "./restart_backoff.ts";
import type { ContainerRuntime, Image, RegistryAuth } from "./runtime.ts";
import { StartError, startError } from "./start_error.ts";

export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** The policy in force: the container's, else by the tag. */
export function pullPolicy(policy: string | undefined, image: string): PullPolicy {
  if (policy === "Always" || policy === "Never" || policy === "IfNotPresent") return policy;
  if (image.includes("@")) return "IfNotPresent";
  const name = image.slice(image.lastIndexOf("/") + 1);
  const colon = name.indexOf(":");
  return colon < 0 || name.slice(colon + 1) === "latest" ? "Always" : "IfNotPresent";
}

/** Brings images to the node by pull policy, one at a time. */
export class ImagePuller {
  readonly #runtime: ContainerRuntime;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: PodEvents;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(runtime: ContainerRuntime, client: Client, clock: Clock, events: PodEvents) {
    this.#runtime = runtime;
    this.#client = client;
    this.#clock = clock;
    this.#events = events;
  }

  /** The container's image, pulled if it must be. Rejects with `StartError`. */
  async ensure(pod: Pod, container: PodContainer): Promise<Image> {
    const image = container.spec.image ?? "";
    const policy = pullPolicy(container.spec.imagePullPolicy, image);
    const present = await this.#status(image);
    if (present !== undefined && policy !== "Always") {
      this.#events.container(
        pod,
        container,
        "Normal",
        "Pulled",
        `Container image "${image}" already present on machine and can be accessed by the pod`,
      );
      return present;
    }
    if (policy === "Never") {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#events.container(pod, container, "Warning", "ErrImageNeverPull", message);
      throw new StartError("ErrImageNeverPull", message, image);
    }
    return this.#pull(pod, container, image);
  }

  async #status(image: string): Promise<Image | undefined> {
    try {
      return await this.#runtime.imageStatus(image);
    } catch (error) {
      throw startError(error, "ImageInspectError", image);
    }
  }

  #pull(pod: Pod, container: PodContainer, image: string): Promise<Image> {
    const asked = this.#clock.monotonic();
    const pulling = this.#turn.then(async () => {
      const begun = this.#clock.monotonic();
      const event = (type: "Normal" | "Warning", reason: string, message: string) =>
        this.#events.container(pod, container, type, reason, message);
      event("Normal", "Pulling", `Pulling image "${image}"`);
      try {
        const pulled = await this.#runtime.pullImage(image, await this.#auth(pod, image));
        const now = this.#clock.monotonic();
        event(
          "Normal",
          "Pulled",
          `Successfully pulled image "${image}" in ${milliseconds(now - begun)} ` +
            `(${
              milliseconds(now - asked)
            } including waiting). Image size: ${pulled.sizeBytes} bytes.`,
        );
        return pulled;
      } catch (error) {
        const failure = startError(error, "ErrImagePull", image);
        event("Warning", "Failed", `Failed to pull image "${image}": ${failure.message}`);
        throw failure;
      }
    });
    this.#turn = pulling.catch(() => {});
    return pulling;
  }

  async #auth(pod: Pod, image: string): Promise<RegistryAuth | undefined> {
    const namespace = pod.metadata?.namespace ?? "";
    const secrets: Secret[] = [];
    for (const { name } of pod.spec?.imagePullSecrets ?? []) {
      if (name === undefined) continue;
      const secret = await this.#client.find(SECRETS, name, namespace).catch(() => undefined);
      if (secret !== undefined) secrets.push(secret);
    }
    return registryAuth(secrets, image);
  }
}

function milliseconds(duration: number): string {
  return duration < 1000 ? `${Math.round(duration)}ms` : durationText(duration);
}
