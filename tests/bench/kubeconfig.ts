import { parse } from "yaml";
import type { Access } from "./api_client.ts";

interface Kubeconfig {
  readonly clusters?: { name: string; cluster: Record<string, string> }[];
  readonly users?: { name: string; user: Record<string, string> }[];
  readonly contexts?: { name: string; context: { cluster: string; user: string } }[];
  readonly "current-context"?: string;
}

/** Reads how to reach a server from a kubeconfig's current context. */
export async function readKubeconfig(file: string): Promise<Access> {
  const config = parse(await Deno.readTextFile(file)) as Kubeconfig;
  const context = config.contexts?.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users?.find(({ name }) => name === context?.user)?.user;
  if (cluster?.["server"] === undefined || user === undefined) {
    throw new Error(`${file} has no whole current context`);
  }
  const ca = await content(cluster, "certificate-authority");
  const cert = await content(user, "client-certificate");
  const key = await content(user, "client-key");
  const token = user["token"];
  return {
    server: cluster["server"],
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
  };
}

async function content(section: Record<string, string>, name: string): Promise<string | undefined> {
  const data = section[`${name}-data`];
  if (data !== undefined) return atob(data);
  const file = section[name];
  return file === undefined ? undefined : await Deno.readTextFile(file);
}
