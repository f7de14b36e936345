import type { Image } from "../runtime.ts";
import { LibpodClient } from "./libpod_client.ts";
import { PodmanImages } from "./images.ts";
import { NodeDirectory } from "./node_directory.ts";
import { RuntimeError } from "../runtime.ts";

/** Images of a running node, reached from outside its namespaces: for the command line. */
export function imagesOfNode(directory: string): PodmanImages {
  return new PodmanImages(
    new LibpodClient(new NodeDirectory(directory).socket, () => {
      const message = "the node's Podman does not answer: is the node up?";
      return Promise.reject(new RuntimeError("Unavailable", message));
    }),
  );
}

/** Makes an image of a root file system's tar. `changes` are lines such as `CMD ["/bin/sh"]`. */
export async function importImage(
  images: PodmanImages,
  tarPath: string,
  name: string,
  changes: readonly string[] = [],
): Promise<Image> {
  const file = await Deno.open(tarPath);
  return await images.import(file.readable, name, changes);
}

/** Loads an archive as `docker save` writes it; answers the names it brought. */
export async function loadArchive(images: PodmanImages, path: string): Promise<string[]> {
  const file = await Deno.open(path);
  return await images.load(file.readable);
}
