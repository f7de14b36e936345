import { outputOf } from "./program.ts";

/** A command prefix that enters a namespace; empty for the one this process is in. */
export type Prefix = readonly string[];

/** Runs several `ip` commands in one process; the first that fails ends it. One a line, no shell. */
export async function ipBatch(lines: readonly string[], prefix: Prefix = []): Promise<void> {
  await outputOf([...prefix, "ip", "-batch", "-"], { stdin: lines.join("\n") + "\n" });
}

/** A link as `ip -details -j address show` tells it; only what we read. */
export interface Link {
  readonly ifname: string;
  readonly mtu: number;
  readonly master?: string;
  readonly ifalias?: string;
  readonly addr_info?: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
  }[];
}

export interface Route {
  readonly dst: string;
  readonly dev?: string;
  readonly gateway?: string;
}

export async function listLinks(prefix: Prefix = []): Promise<Link[]> {
  return read<Link>(await outputOf([...prefix, "ip", "-details", "-j", "address", "show"]));
}

/** IPv4 routes of every table that lead somewhere. */
export async function listRoutes(prefix: Prefix = []): Promise<Route[]> {
  return read<Route>(
    await outputOf([...prefix, "ip", "-4", "-j", "route", "show", "table", "all"]),
  );
}

/** Ranges that this network namespace already routes or owns. */
export async function usedRanges(prefix: Prefix = []): Promise<string[]> {
  const [links, routes] = await Promise.all([listLinks(prefix), listRoutes(prefix)]);
  return [
    ...routes.map(({ dst }) => dst).filter((dst) => dst !== "default"),
    ...links.flatMap(({ addr_info }) => addr_info ?? [])
      .filter(({ family }) => family === "inet")
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  ];
}

/** The device of the default route and its mtu; undefined without one. */
export async function defaultLink(prefix: Prefix = []): Promise<Link | undefined> {
  const [links, routes] = await Promise.all([listLinks(prefix), listRoutes(prefix)]);
  const device = routes.find(({ dst }) => dst === "default")?.dev;
  return links.find(({ ifname }) => ifname === device);
}

function read<T>(text: string): T[] {
  return text.trim() === "" ? [] : JSON.parse(text) as T[];
}
