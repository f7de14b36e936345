/** Labels of ours on Podman's containers; they are taken off before anybody sees labels. */
const PREFIX = "io.coracle.";
export const SANDBOX_LABEL = `${PREFIX}sandbox`;
export const NAME_LABEL = `${PREFIX}name`;
export const ATTEMPT_LABEL = `${PREFIX}attempt`;
export const IMAGE_LABEL = `${PREFIX}image`;
export const IMAGE_ID_LABEL = `${PREFIX}image-id`;
export const LOG_LABEL = `${PREFIX}log`;
/** On the container that holds a shared process namespace. */
export const PAUSE_LABEL = `${PREFIX}pause`;

/** The labels that the kubelet gave. Pure. */
export function foreignLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(PREFIX)));
}

/** A container's name in Podman: readable, of its alphabet, and unique by its last word. Pure. */
export function engineName(words: readonly string[], unique: string): string {
  const name = words.map((word) => word.replaceAll(/[^a-zA-Z0-9.-]/g, "-")).join("_");
  return `k8s_${name.slice(0, 200)}_${unique.slice(0, 8)}`;
}
