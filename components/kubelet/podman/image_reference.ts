import { RuntimeError } from "../runtime.ts";

const DEFAULT_DOMAIN = "docker.io";
const REFERENCE_MAXIMUM_CHARACTERS = 1_024;

/** An image's name in full: where it is, its path there, and which one of that name. */
export interface ImageReference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

/**
 * Reads what a pod calls an image, filling in what everybody leaves out: docker.io, library/, :latest. Throws
 * `InvalidImageName`. An id (`sha256:…` or 64 hexadecimal digits) is none.
 */
export function parseReference(text: string): ImageReference {
  const fail = (): never => {
    throw new RuntimeError(
      "InvalidImageName",
      `couldn't parse image name "${text}": invalid reference format`,
    );
  };
  if (text.length > REFERENCE_MAXIMUM_CHARACTERS) fail();
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !/^[a-z0-9]+:[a-f0-9]{32,}$/.test(digest)) fail();
  const named = at < 0 ? text : text.slice(0, at);
  const slash = named.lastIndexOf("/");
  const colon = named.lastIndexOf(":");
  const tag = colon > slash ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag)) fail();
  const name = tag === undefined ? named : named.slice(0, colon);
  const first = name.indexOf("/");
  const head = first < 0 ? "" : name.slice(0, first);
  const isDomain = head.includes(".") || head.includes(":") || head === "localhost" ||
    head !== head.toLowerCase();
  let domain = isDomain ? head : DEFAULT_DOMAIN;
  let path = isDomain ? name.slice(first + 1) : name;
  if (domain === "index.docker.io") domain = DEFAULT_DOMAIN;
  if (domain === DEFAULT_DOMAIN && !path.includes("/")) path = `library/${path}`;
  if (!/^[A-Za-z0-9.-]+(:[0-9]+)?$/.test(domain)) fail();
  const component = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
  if (!path.split("/").every((part) => component.test(part))) fail();
  return {
    domain,
    path,
    ...(tag === undefined ? digest === undefined ? { tag: "latest" } : {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The full name; Podman takes a tag or a digest, and the digest tells more. Pure. */
export function formatReference(reference: ImageReference): string {
  const { domain, path, tag, digest } = reference;
  return `${domain}/${path}${digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`}`;
}

/** True for an image's id rather than a name. Pure. */
export function isImageId(text: string): boolean {
  return /^(sha256:)?[a-f0-9]{64}$/.test(text);
}

/** True for a registry on this machine, which by everybody's custom may speak plain HTTP. Pure. */
export function isLoopbackRegistry(domain: string): boolean {
  const host = domain.split(":", 1)[0] ?? "";
  return host === "localhost" || host.startsWith("127.");
}
