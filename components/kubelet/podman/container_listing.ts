import type { ContainerState } from "../runtime.ts";
import {
  ATTEMPT_LABEL,
  foreignLabels,
  IMAGE_ID_LABEL,
  IMAGE_LABEL,
  LOG_LABEL,
  NAME_LABEL,
  SANDBOX_LABEL,
} from "./names.ts";

/** What we keep of a container that was started: Podman forgets how it ended when the node boots. */
export interface ContainerRecord {
  /** The boot of the node in which it was started. */
  readonly boot: string;
  readonly startedAt: number;
  /** Its cgroup, the same path in each hierarchy, where it has one. */
  readonly cgroup?: string;
  readonly exit?: ContainerExit;
}

export interface ContainerExit {
  readonly exitCode: number;
  readonly finishedAt: number;
  readonly oomKilled?: boolean;
}

/** A container in Podman's listing; only what we read. Times in seconds. */
export interface ListedContainer {
  readonly Id: string;
  readonly State: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Created: string;
  readonly StartedAt: number;
  readonly ExitedAt: number;
  readonly ExitCode: number;
  readonly Pid?: number;
}

/** The code of a container that ended with its node, as other runtimes give it. */
export const LOST_EXIT_CODE = 255;

/**
 * The state of a container by what Podman says now and what we kept. `learned` is an exit that nobody has kept yet.
 * Pure.
 */
export function containerState(
  listed: ListedContainer,
  record: ContainerRecord | undefined,
  boot: string,
  now: number,
): { readonly state: ContainerState; readonly learned?: ContainerExit } {
  const labels = listed.Labels ?? {};
  const startedAt = record?.startedAt ??
    (listed.StartedAt > 0 ? listed.StartedAt * 1000 : undefined);
  const common = {
    id: listed.Id,
    sandboxId: labels[SANDBOX_LABEL] ?? "",
    name: labels[NAME_LABEL] ?? "",
    attempt: Number(labels[ATTEMPT_LABEL] ?? 0) || 0,
    createdAt: Date.parse(listed.Created) || 0,
    image: labels[IMAGE_LABEL] ?? "",
    imageId: labels[IMAGE_ID_LABEL] ?? "",
    labels: foreignLabels(labels),
    logPath: labels[LOG_LABEL] ?? "",
    ...(startedAt === undefined ? {} : { startedAt }),
  };
  const ended = (exit: ContainerExit, known: boolean) => ({
    state: { ...common, state: "exited" as const, ...exit },
    ...(known ? {} : { learned: exit }),
  });
  if (record?.exit !== undefined) return ended(record.exit, true);
  switch (listed.State) {
    case "running":
    case "stopping":
    case "paused":
      return { state: { ...common, state: "running" } };
    case "exited":
    case "stopped":
    case "removing": {
      // Podman tells whole seconds: an end is never before its start.
      const finishedAt = Math.max(
        startedAt ?? 0,
        listed.ExitedAt > 0 ? listed.ExitedAt * 1000 : now,
      );
      return ended({ exitCode: listed.ExitCode, finishedAt }, false);
    }
    case "configured":
    case "created":
    case "initialized":
      // It ran in a boot that is over, and nobody saw it end.
      if (record !== undefined && record.boot !== boot) {
        return ended({ exitCode: LOST_EXIT_CODE, finishedAt: now }, false);
      }
      return { state: { ...common, state: "created" } };
    default:
      return { state: { ...common, state: "unknown" } };
  }
}
