import type { Pod } from "../api/mod.ts";
import { containerHash } from "./labels.ts";
import type { Waiting } from "./pod_actions.ts";
import type { PodContainer } from "./pod_containers.ts";
import type { Gate } from "./pod_plan.ts";
import {
  CRASH_LOOP,
  durationText,
  IMAGE_PULL,
  RestartBackoff,
  type RestartBackoffPolicy,
} from "./restart_backoff.ts";
import type { ContainerState } from "./runtime.ts";
import type { StartError } from "./start_error.ts";

/** Between tries after an error that has no back-off of its own. */
const RETRY_MILLISECONDS = 10_000;
/** How long a failed pull is shown as such before it is shown as backing off. */
const PULL_ERROR_SHOWN_MILLISECONDS = 2_000;

const PULL_ERRORS: readonly string[] = ["ErrImagePull", "ImageInspectError", "InvalidImageName"];

interface Failure {
  readonly error: StartError;
  readonly at: number;
  readonly until: number;
}

/** When the containers of one pod may be started again, and what they say while they wait. */
export class StartGate {
  readonly #crashes: RestartBackoff;
  readonly #pulls = new RestartBackoff(IMAGE_PULL);
  readonly #failures = new Map<string, Failure>();

  constructor(crashPolicy: RestartBackoffPolicy = CRASH_LOOP) {
    this.#crashes = new RestartBackoff(crashPolicy);
  }

  gate(
    pod: Pod,
    container: PodContainer,
    instance: ContainerState | undefined,
    now: number,
  ): Gate {
    const key = keyOf(container);
    const failure = this.#failures.get(container.name);
    const tried = this.#crashes.delay(key) > 0;
    if (failure !== undefined) {
      const waiting = waitingOf(failure, now);
      const left = failure.until - now;
      const shown = failure.at + PULL_ERROR_SHOWN_MILLISECONDS - now;
      const change = isPull(failure.error) && shown > 0 ? Math.min(left, shown) : left;
      if (left > 0) return { waitMilliseconds: change, waiting, tried };
      return { waitMilliseconds: 0, waiting, tried };
    }
    const ended = endOf(instance);
    if (ended === undefined) return { waitMilliseconds: 0, tried };
    const left = this.#crashes.remaining(key, ended, now);
    if (left <= 0) return { waitMilliseconds: 0, tried };
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const message = `back-off ${durationText(this.#crashes.delay(key))} restarting failed ` +
      `container=${container.name} pod=${name}_${namespace}(${uid})`;
    return {
      waitMilliseconds: left,
      waiting: { reason: "CrashLoopBackOff", message },
      tried,
    };
  }

  /** A start begins: the next one after `instance` waits longer. */
  begin(container: PodContainer, instance: ContainerState | undefined, now: number): void {
    const ended = endOf(instance);
    if (ended !== undefined) this.#crashes.next(keyOf(container), ended, now);
  }

  succeeded(container: PodContainer): void {
    this.#failures.delete(container.name);
    this.#pulls.forget(container.spec.image ?? "");
  }

  failed(container: PodContainer, error: StartError, now: number): void {
    let delay = RETRY_MILLISECONDS;
    if (isPull(error)) {
      const image = container.spec.image ?? "";
      this.#pulls.next(image, now, now);
      delay = this.#pulls.delay(image);
    } else if (error.reason === "RunContainerError" || error.reason === "PostStartHookError") {
      this.#crashes.next(keyOf(container), now, now);
      delay = this.#crashes.delay(keyOf(container));
    }
    this.#failures.set(container.name, { error, at: now, until: now + delay });
  }

  /** Something that the pod refers to has changed: what was missing may be there now. */
  retry(now: number): void {
    for (const [name, failure] of this.#failures) {
      if (!isPull(failure.error)) this.#failures.set(name, { ...failure, until: now });
    }
  }
}

function isPull(error: StartError): boolean {
  return PULL_ERRORS.includes(error.reason);
}

function waitingOf({ error, at }: Failure, now: number): Waiting {
  const { reason, message } = error;
  if (reason !== "ErrImagePull" || now < at + PULL_ERROR_SHOWN_MILLISECONDS) {
    return { reason, message };
  }
  return {
    reason: "ImagePullBackOff",
    message: `Back-off pulling image "${error.image ?? ""}": ErrImagePull: ${message}`,
  };
}

function endOf(instance: ContainerState | undefined): number | undefined {
  return instance?.state === "exited" ? instance.finishedAt ?? instance.createdAt : undefined;
}

function keyOf(container: PodContainer): string {
  return `${container.name} ${containerHash(container.spec)}`;
}
