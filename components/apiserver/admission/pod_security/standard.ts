import type { Container, KubeObject, PodSpec } from "../../../api/served.ts";

/** The part of a pod, or of a template of pods, that the standards are about. */
export interface PodShape {
  readonly metadata: NonNullable<KubeObject["metadata"]>;
  readonly spec: PodSpec;
}

/** One way in which a pod is outside a standard. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** One rule of a standard. `version` is the minor of the policy's version. */
export interface Check {
  readonly id: string;
  /** The minor of the first version that has the rule. */
  readonly since: number;
  /** The rule of a weaker standard that this one takes the place of. */
  readonly replaces?: string;
  find(pod: PodShape, version: number): Violation | undefined;
}

/** All containers in the order in which a refusal names them. */
export function containersOf({ spec }: PodShape): Container[] {
  return [
    ...spec.initContainers ?? [],
    ...spec.containers ?? [],
    ...(spec.ephemeralContainers ?? []) as Container[],
  ];
}

/** Names of the containers that are as the predicate says. */
export const containersThat = (
  pod: PodShape,
  predicate: (container: Container) => boolean,
): string[] => containersOf(pod).filter(predicate).map(({ name = "" }) => name);

/** `"a", "b"`. */
export const quoted = (names: readonly string[]): string =>
  names.map((name) => JSON.stringify(name)).join(", ");

/** `container "a"`, `containers "a", "b"`. */
export const named = (noun: string, names: readonly string[]): string =>
  `${counted(noun, names.length)} ${quoted(names)}`;

export const counted = (noun: string, count: number): string => count === 1 ? noun : `${noun}s`;

/** Each value once, in order. */
export const distinct = (values: Iterable<string>): string[] => [...new Set(values)].sort();

/** `pod and container "a"`: who set what may not be set. */
export function setters(pod: boolean, containers: readonly string[]): string[] {
  return [
    ...(pod ? ["pod"] : []),
    ...(containers.length > 0 ? [named("container", containers)] : []),
  ];
}

const WINDOWS_SINCE = 25;
const USER_NAMESPACES_SINCE = 35;

/** Some rules have no meaning on Windows. */
export const isForWindows = ({ spec }: PodShape, version: number): boolean =>
  version >= WINDOWS_SINCE && spec.os?.name === "windows";

/** In a user namespace root is nobody on the node. */
export const hasUserNamespace = ({ spec }: PodShape, version: number): boolean =>
  version >= USER_NAMESPACES_SINCE && spec.hostUsers === false;
