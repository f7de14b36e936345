import { decodePem } from "../../pki/mod.ts";

/** Where a webhook is: the same in admission configurations and in those of custom resources' conversion. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM of the authorities to trust, in base64. */
  readonly caBundle?: string;
}

/** A Service's port. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** A webhook's address in parts. */
export interface WebhookAddress {
  /** `https://host:port/path`, as messages show it. */
  readonly url: string;
  readonly serverName: string;
  /** What goes into the `Host` header. */
  readonly authority: string;
  readonly path: string;
  /** Either a Service, or an address that is dialled as it is. */
  readonly to: ServicePort | { readonly host: string; readonly port: number };
}

const HTTPS_PORT = 443;

/** Reads a configuration. Throws an `Error` for one that leads nowhere. Pure. */
export function addressOf({ url, service }: WebhookClientConfig): WebhookAddress {
  if (service !== undefined) {
    const { namespace = "", name = "", path = "", port = HTTPS_PORT } = service;
    const serverName = `${name}.${namespace}.svc`;
    const authority = `${serverName}:${port}`;
    const rooted = path.startsWith("/") ? path : `/${path}`;
    return {
      url: `https://${authority}${rooted}`,
      serverName,
      authority,
      path: rooted,
      to: { namespace, name, port },
    };
  }
  if (url === undefined) throw new Error("webhook configuration must have either service or URL");
  const parsed = URL.parse(url);
  if (parsed === null || parsed.protocol !== "https:" || parsed.hostname === "") {
    throw new Error(`webhook URL ${JSON.stringify(url)} is not valid`);
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    url: parsed.href,
    serverName: host,
    authority: parsed.host,
    path: parsed.pathname + parsed.search,
    to: { host, port: parsed.port === "" ? HTTPS_PORT : Number(parsed.port) },
  };
}

/** The PEM of a bundle; undefined where the machine's own authorities are to be trusted. Throws for what is none. */
export function authoritiesOf(caBundle: string | undefined): string | undefined {
  if (caBundle === undefined || caBundle === "") return undefined;
  const text = new TextDecoder().decode(Uint8Array.fromBase64(caBundle));
  if (!decodePem(text).some(({ label }) => label === "CERTIFICATE")) {
    throw new Error("unable to load root certificates: unable to parse bytes as PEM block");
  }
  return text;
}
