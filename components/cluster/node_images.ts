import type { Image, PodmanImages } from "../kubelet/mod.ts";

/** Loaded when it is asked for: few processes speak to Podman. */
const podman = () => import("../kubelet/mod.ts");

import type { DataLayout } from "./data_directory.ts";
import { type Instance, runningInstance } from "./instance.ts";
import { plainMessage, StartError } from "./start_error.ts";

/** Images that one node has. */
export interface NodeImages {
  readonly node: string;
  readonly images: readonly Image[];
}

/** Makes an image of a root file system's tar on every node of the running cluster. */
export async function importNodeImage(
  layout: DataLayout,
  tarPath: string,
  name: string,
): Promise<void> {
  await onEachNode(
    layout,
    tarPath,
    async (images) => await (await podman()).importImage(images, tarPath, name),
  );
}

/** Loads an archive as `docker save` writes it on every node; answers the names it brought. */
export async function loadNodeImages(layout: DataLayout, archive: string): Promise<string[]> {
  const names = await onEachNode(
    layout,
    archive,
    async (images) => await (await podman()).loadArchive(images, archive),
  );
  return [...new Set(names.flat())];
}

/** The images of every node. */
export async function listNodeImages(layout: DataLayout): Promise<NodeImages[]> {
  const { nodes } = await podmanInstance(layout);
  const lists = await onEachNode(layout, undefined, (images) => images.list());
  return nodes.map((node, index) => ({ node, images: lists[index] ?? [] }));
}

async function onEachNode<T>(
  layout: DataLayout,
  file: string | undefined,
  act: (images: PodmanImages) => Promise<T>,
): Promise<T[]> {
  const { nodes } = await podmanInstance(layout);
  try {
    if (file !== undefined) await Deno.stat(file);
  } catch (error) {
    throw new StartError(
      error instanceof Deno.errors.NotFound ? `${file} does not exist` : plainMessage(error),
    );
  }
  const { imagesOfNode } = await podman();
  const results: T[] = [];
  // One node after the other: each reads the whole file and writes a copy of it.
  for (const node of nodes) {
    try {
      results.push(await act(imagesOfNode(`${layout.nodes}/${node}`)));
    } catch (error) {
      throw new StartError(`node ${node}: ${plainMessage(error)}`);
    }
  }
  return results;
}

async function podmanInstance(layout: DataLayout): Promise<Instance> {
  const instance = await runningInstance(layout);
  if (instance === undefined) throw new StartError(`no cluster runs in ${layout.root}`);
  if (instance.runtime !== "podman") throw new StartError("hollow nodes have no images");
  return instance;
}
