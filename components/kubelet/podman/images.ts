import { type Image, type RegistryAuth, RuntimeError } from "../runtime.ts";
import {
  formatReference,
  isImageId,
  isLoopbackRegistry,
  parseReference,
} from "./image_reference.ts";
import type { LibpodClient } from "./libpod_client.ts";
import { LibpodError } from "./libpod_error.ts";

const LINE_MAXIMUM_CHARACTERS = 1024 * 1024;

interface ListedImage {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Size?: number;
}

interface InspectedImage extends ListedImage {
  readonly User?: string;
}

/** Images of one node's store. */
export class PodmanImages {
  readonly #client: LibpodClient;
  readonly #insecureRegistries: ReadonlySet<string>;

  /** `insecureRegistries`: `host:port` of those without TLS, beside any on the loopback. */
  constructor(client: LibpodClient, insecureRegistries: readonly string[] = []) {
    this.#client = client;
    this.#insecureRegistries = new Set(insecureRegistries);
  }

  async list(): Promise<Image[]> {
    const listed = await this.#client.json<readonly ListedImage[]>("GET", "/images/json");
    return listed.map(imageOf);
  }

  async status(reference: string): Promise<Image | undefined> {
    for (const name of candidates(reference)) {
      const found = await this.#client.find<InspectedImage>(
        `/images/${encodeURIComponent(name)}/json`,
      );
      if (found !== undefined) return imageOf(found);
    }
    return undefined;
  }

  /** Fetches an image by its name from its registry. Rejects with `ImagePull`. */
  async pull(reference: string, auth?: RegistryAuth, signal?: AbortSignal): Promise<Image> {
    const parsed = parseReference(reference);
    const insecure = isLoopbackRegistry(parsed.domain) ||
      this.#insecureRegistries.has(parsed.domain);
    let failure: string | undefined;
    try {
      const response = await this.#client.open("POST", "/images/pull", {
        query: {
          reference: formatReference(parsed),
          tlsVerify: insecure ? "false" : undefined,
        },
        ...(auth === undefined ? {} : { headers: { "x-registry-auth": authHeader(auth) } }),
        ...(signal === undefined ? {} : { signal }),
      });
      failure = await pullFailure(response);
    } catch (error) {
      if (!(error instanceof LibpodError)) throw error;
      failure = error.message;
    }
    if (failure !== undefined) {
      throw new RuntimeError("ImagePull", `failed to pull image "${reference}": ${failure}`);
    }
    const image = await this.status(reference);
    if (image === undefined) {
      throw new RuntimeError("ImagePull", `failed to pull image "${reference}": it is not there`);
    }
    return image;
  }

  /** Takes the image away, all its names. Fine when it is gone; fails while a container uses it. */
  async remove(reference: string): Promise<void> {
    const image = await this.status(reference);
    if (image === undefined) return;
    const id = image.id.replace("sha256:", "");
    const names = image.repoTags.length > 1 && !isImageId(reference)
      ? [formatReference(parseReference(reference))]
      : [id];
    for (const name of names) {
      try {
        await this.#client.json("DELETE", `/images/${encodeURIComponent(name)}`);
      } catch (error) {
        if (error instanceof LibpodError && error.status === 404) continue;
        throw new RuntimeError("Unavailable", error instanceof Error ? error.message : "");
      }
    }
  }

  /** Makes an image of a tar of a root file system. `changes` are lines such as `CMD ["/bin/sh"]`. */
  async import(
    tar: ReadableStream<Uint8Array>,
    name: string,
    changes: readonly string[] = [],
  ): Promise<Image> {
    const reference = formatReference(parseReference(name));
    const query = new URLSearchParams({ reference });
    for (const change of changes) query.append("changes", change);
    await this.#client.json("POST", `/images/import?${query}`, {
      stream: tar,
      headers: { "content-type": "application/x-tar" },
    });
    const image = await this.status(reference);
    if (image === undefined) throw new RuntimeError("ImageNotFound", `${name} was not imported`);
    return image;
  }

  /** Loads an archive as `docker save` and `podman save` write it; answers the names it brought. */
  async load(archive: ReadableStream<Uint8Array>): Promise<string[]> {
    const { Names } = await this.#client.json<{ Names?: readonly string[] }>(
      "POST",
      "/images/load",
      { stream: archive, headers: { "content-type": "application/x-tar" } },
    );
    return [...Names ?? []];
  }
}

/** The names under which an image may be stored: in full, or as Podman names what was built here. Pure. */
export function candidates(reference: string): string[] {
  if (isImageId(reference)) return [reference.replace("sha256:", "")];
  const parsed = parseReference(reference);
  const names = [formatReference(parsed)];
  if (parsed.domain === "docker.io" && !reference.startsWith("docker.io/")) {
    const path = parsed.path.startsWith("library/") ? parsed.path.slice(8) : parsed.path;
    names.push(formatReference({ ...parsed, domain: "localhost", path }));
  }
  return names;
}

function imageOf(image: InspectedImage): Image {
  return {
    id: `sha256:${image.Id.replace("sha256:", "")}`,
    repoTags: [...image.RepoTags ?? []],
    repoDigests: [...image.RepoDigests ?? []],
    sizeBytes: image.Size ?? 0,
    ...(image.User === undefined || image.User === "" ? {} : { user: image.User }),
  };
}

function authHeader(auth: RegistryAuth): string {
  const text = JSON.stringify({
    username: auth.username,
    password: auth.password,
    ...(auth.serverAddress === undefined ? {} : { serveraddress: auth.serverAddress }),
  });
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

/** Reads a pull's progress to its end: one JSON object a line, an `error` among them when it failed. */
async function pullFailure(response: Response): Promise<string | undefined> {
  let failure: string | undefined, rest = "";
  const decoder = new TextDecoder();
  const look = (line: string) => {
    if (line.trim() === "") return;
    const { error } = JSON.parse(line) as { error?: string };
    if (error !== undefined && error !== "") failure = error;
  };
  for await (const chunk of response.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, LINE_MAXIMUM_CHARACTERS);
    lines.forEach(look);
  }
  look(rest);
  return failure;
}
