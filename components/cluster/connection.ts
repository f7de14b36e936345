import { Client, type Fetch } from "../client/mod.ts";
import type { KubeconfigAccess } from "./kubeconfig_file.ts";
import { userAgent } from "./version.ts";

/** The API server as a role sees it that is not the API server: a client, and what it rests on. */
export interface Connection {
  /** `https://host:port`; a word where the server is in this machine's own file system or process. */
  readonly server: string;
  readonly client: Client;
  readonly fetch: Fetch;
  /** For WebSockets; absent in one process, where there is nothing to dial. */
  readonly http?: Deno.HttpClient;
  close(): void;
}

/** The origin that in-process and socket requests carry: an address, because names are looked up even for sockets. */
export const LOCAL_ORIGIN = "http://127.0.0.1";

/** Over TLS, as a kubeconfig says. */
export function connect(access: KubeconfigAccess, component: string): Connection {
  const { authority, certificate, key, server, token } = access;
  const http = Deno.createHttpClient({
    ...(authority === undefined ? {} : { caCerts: [authority] }),
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  });
  const send = fetchThrough(http);
  const client = new Client({
    server,
    fetch: send,
    userAgent: userAgent(component),
    ...(token === undefined ? {} : { token }),
  });
  return { server, client, fetch: send, http, close: () => http.close() };
}

/** Over a socket that says who we are by being ours. */
export function connectSocket(path: string, component: string): Connection {
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return { ...over(LOCAL_ORIGIN, fetchThrough(http), component), http, close: () => http.close() };
}

/** Over any `fetch`-shaped function. */
export function connectFetch(send: Fetch, component: string): Connection {
  return over(LOCAL_ORIGIN, send, component);
}

function fetchThrough(client: Deno.HttpClient): Fetch {
  const init: RequestInit & { client: Deno.HttpClient } = { client };
  return (request) => fetch(request, init);
}

function over(server: string, send: Fetch, component: string): Connection {
  const client = new Client({ server, fetch: send, userAgent: userAgent(component) });
  return { server, client, fetch: send, close() {} };
}
