/** Containers by Podman's REST service: the only room that knows Podman. */
export { imagesOfNode, importImage, loadArchive } from "./image_file.ts";
export { PodmanImages } from "./images.ts";
export { NodeDirectory } from "./node_directory.ts";
export { PodmanRuntime, type PodmanRuntimeOptions } from "./podman_runtime.ts";
