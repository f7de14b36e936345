import { StartError } from "./start_error.ts";

/** Where everything of one cluster on one machine lies. */
export interface DataLayout {
  readonly root: string;
  readonly pki: string;
  readonly store: string;
  readonly logs: string;
  readonly nodes: string;
  /** Folders of sockets; only this user can enter. */
  readonly sockets: string;
  readonly adminKubeconfig: string;
  /** What runs here: `Instance`. */
  readonly instance: string;
  /** How the scheduler is reached: `SchedulerAddress`. */
  readonly scheduler: string;
}

/** The layout of a data directory. Pure. */
export function dataLayout(root: string): DataLayout {
  return {
    root,
    pki: `${root}/pki`,
    store: `${root}/store`,
    logs: `${root}/logs`,
    nodes: `${root}/nodes`,
    sockets: `${root}/run`,
    adminKubeconfig: `${root}/admin.kubeconfig`,
    instance: `${root}/coracle.json`,
    scheduler: `${root}/scheduler.json`,
  };
}

/** What a start says that nobody looks at: the one that waits for it reads it. Pure. */
export function detachedOutput(layout: DataLayout): string {
  return `${layout.logs}/up.out`;
}

/** Where a cluster lies when nobody says: the system's place for root, the user's own otherwise. Pure. */
export function defaultDataDirectory(
  uid: number | null,
  environment: (name: string) => string | undefined,
): string {
  if (uid === 0) return "/var/lib/coracle";
  const home = environment("XDG_DATA_HOME") ?? `${environment("HOME") ?? "."}/.local/share`;
  return `${home}/coracle`;
}

/** A data directory that this process owns until `release`, or until it ends. */
export interface OwnedData {
  readonly layout: DataLayout;
  release(): void;
}

const LOCK_FILE = "lock";

/** Makes the directory where it is missing and takes it. Rejects with `StartError` while another process has it. */
export async function ownData(root: string, holder: string): Promise<OwnedData> {
  const layout = dataLayout(root);
  let file: Deno.FsFile;
  try {
    // Others may pass through: the users that pods run as. Every secret in it has a mode of its own.
    await Deno.mkdir(root, { recursive: true, mode: 0o755 });
    await refuseOthersFiles(root);
    await Deno.mkdir(layout.logs, { recursive: true, mode: 0o700 });
    file = await Deno.open(`${root}/${LOCK_FILE}`, {
      read: true,
      write: true,
      create: true,
      mode: 0o600,
    });
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`cannot use ${root}: ${error instanceof Error ? error.message : error}`);
  }
  if (!await file.tryLock(true)) {
    file.close();
    const owner = (await Deno.readTextFile(`${root}/${LOCK_FILE}`).catch(() => "")).trim();
    throw new StartError(`${root} is in use by ${owner || "another process"}`);
  }
  // A process that was killed leaves its sockets behind.
  await Deno.remove(layout.sockets, { recursive: true }).catch(() => {});
  await Deno.mkdir(layout.sockets, { recursive: true, mode: 0o700 });
  await file.truncate();
  await file.write(new TextEncoder().encode(`${holder}\n`));
  return { layout, release: () => file.close() };
}

/** Rejects for a directory that holds something, but not a cluster: a reset would remove all of it one day. */
export async function refuseOthersFiles(root: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(root)) names.push(name);
  // A detached start makes the folder of the logs before the cluster is there.
  const empty = names.every((name) => name === "lost+found" || name === "logs");
  if (empty || names.includes(LOCK_FILE)) return;
  throw new StartError(
    `${root} holds other files and no cluster: --data-dir takes an empty or a new directory`,
  );
}

/** Writes a whole file at once, readable by its owner only. */
export async function writeSecret(path: string, text: string): Promise<void> {
  const temporary = `${path}.${Deno.pid}.tmp`;
  try {
    await Deno.writeTextFile(temporary, text, { mode: 0o600 });
    await Deno.chmod(temporary, 0o600);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
