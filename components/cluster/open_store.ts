import type { Clock, Logger } from "../base/mod.ts";
import {
  openEtcdStore,
  openKvStore,
  type Store,
  StoreFailedError,
  StoreFormatError,
  StoreLockedError,
} from "../storage/mod.ts";
import { writeSecret } from "./data_directory.ts";
import { StartError } from "./start_error.ts";

/** The etcd that a cluster's state lies in; several API servers may name the same. */
export interface EtcdChoice {
  /** `http://HOST:PORT` or `https://HOST:PORT`, one a member. */
  readonly servers: readonly string[];
  /** What all keys start with; `/registry` where not given. */
  readonly prefix?: string;
  /** PEM files: who has signed etcd's certificates, and what this server shows. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** How often old revisions are compacted; 0 leaves it to others. 300 where not given. */
  readonly compactionSeconds?: number;
}

export interface OpenStoreOptions {
  readonly etcd: EtcdChoice | undefined;
  /** Where the state lies without etcd. */
  readonly directory: string;
  /** The data directory: it remembers that its state lies elsewhere. */
  readonly root: string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Opens the store that was chosen. Rejects with `StartError` where the user can mend it. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { clock, directory, etcd, logger } = options;
  await checkPlace(options);
  try {
    if (etcd === undefined) return await openKvStore({ directory, logger, clock });
    const { compactionSeconds, prefix, servers } = etcd;
    return await openEtcdStore({
      endpoints: servers,
      tls: {
        ...await pem(etcd.caFile, "authority"),
        ...await pem(etcd.certFile, "certificate"),
        ...await pem(etcd.keyFile, "key"),
      },
      clock,
      logger,
      ...(prefix === undefined ? {} : { prefix }),
      ...(compactionSeconds === undefined ? {} : { history: { seconds: compactionSeconds } }),
    });
  } catch (error) {
    const known = error instanceof StoreFailedError || error instanceof StoreLockedError ||
      error instanceof StoreFormatError;
    if (!known) throw error;
    throw new StartError(etcd === undefined ? error.message : `etcd: ${error.message}`);
  }
}

const PLACE_FILE = "etcd.json";

/** A cluster whose state lies in etcd must not start with an empty one because a flag was forgotten. */
async function checkPlace({ etcd, root }: OpenStoreOptions): Promise<void> {
  if (root === undefined) return;
  const path = `${root}/${PLACE_FILE}`;
  if (etcd !== undefined) {
    const { servers, prefix } = etcd;
    await Deno.mkdir(root, { recursive: true, mode: 0o700 });
    await writeSecret(path, `${JSON.stringify({ servers, prefix })}\n`);
    return;
  }
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (text === undefined) return;
  throw new StartError(
    `the state of this cluster lies in etcd (${path}): say where, or reset it first`,
  );
}

async function pem(
  file: string | undefined,
  member: "authority" | "certificate" | "key",
): Promise<Partial<Record<typeof member, string>>> {
  if (file === undefined) return {};
  try {
    return { [member]: await Deno.readTextFile(file) };
  } catch (error) {
    throw new StartError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The members that a text names, separated by commas; undefined where it does not name any rightly. Pure. */
export function parseEtcdServers(text: string): string[] | undefined {
  const servers = text.split(",").map((server) => server.trim());
  const right = servers.every((server) => {
    const url = URL.parse(server);
    return url !== null && (url.protocol === "http:" || url.protocol === "https:") &&
      url.host !== "" && url.pathname === "/" && url.search === "" && url.username === "";
  });
  return right ? servers : undefined;
}
