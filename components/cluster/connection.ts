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

/** Connections for requests with bodies that are kept while there are none. */
const IDLE_WRITERS_MAXIMUM = 4;

/**
 * Over TLS, as a kubeconfig says. Requests with bodies go over HTTP/1.1 connections of their own: over HTTP/2 the
 * runtime sends a body of 1 KB or more in a second piece, which the kernel holds back until the server has
 * acknowledged the first, and that takes 40 ms. All others, watches above all, share one HTTP/2 connection.
 */
export function connect(access: KubeconfigAccess, component: string): Connection {
  const { authority, certificate, key, server, token } = access;
  const options = {
    ...(authority === undefined ? {} : { caCerts: [authority] }),
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  };
  const http = Deno.createHttpClient(options);
  const writers = Deno.createHttpClient({
    ...options,
    http2: false,
    poolMaxIdlePerHost: IDLE_WRITERS_MAXIMUM,
  });
  const [read, write] = [fetchThrough(http), fetchThrough(writers)];
  const send: Fetch = (request) => request.body === null ? read(request) : write(request);
  const close = () => {
    http.close();
    writers.close();
  };
  const client = new Client({
    server,
    fetch: send,
    userAgent: userAgent(component),
    ...(token === undefined ? {} : { token }),
  });
  return { server, client, fetch: send, http, close };
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
