const DIRECTORY = "/run/netns";

/** Where a named network namespace of this mount namespace is found. */
export function networkNamespacePath(name: string): string {
  return `${DIRECTORY}/${name}`;
}
