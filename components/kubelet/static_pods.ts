import { type Pod, yamlLibrary } from "../api/mod.ts";
import { type Clock, isJsonObject, type Logger, sleep, timestamp } from "../base/mod.ts";
import { fnv1a } from "./labels.ts";
import { CONFIG_HASH, CONFIG_SEEN, CONFIG_SOURCE } from "./mirror_pods.ts";

export interface StaticPodOptions {
  readonly directory: string;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkSeconds: number;
  /** Fills in defaults, as the API server does for pods. */
  applyDefaults(pod: Pod): void;
  /** A pod appeared or changed; without it, the pod of this uid is gone. */
  onPod(uid: string, pod: Pod | undefined): void;
  /** The folder has been read once more. */
  onRead(): void;
}

const MANIFEST_MAXIMUM_BYTES = 3 * 1024 * 1024;

/** Follows a folder of pod manifests until the signal: its changes at once, and all of it now and then. */
export async function followStaticPods(
  options: StaticPodOptions,
  signal: AbortSignal,
): Promise<void> {
  const known = new Map<string, Pod>();
  let changed = Promise.withResolvers<void>();
  const watcher = watch(options.directory, () => changed.resolve());
  signal.addEventListener("abort", () => {
    watcher?.close();
    changed.resolve();
  }, { once: true });
  while (!signal.aborted) {
    changed = Promise.withResolvers();
    const found = await readManifests(options);
    for (const [uid, pod] of found) if (!known.has(uid)) options.onPod(uid, pod);
    for (const uid of known.keys()) if (!found.has(uid)) options.onPod(uid, undefined);
    known.clear();
    for (const [uid, pod] of found) known.set(uid, pod);
    options.onRead();
    const pause = sleep(options.clock, options.checkSeconds * 1000, signal).catch(() => {});
    await Promise.race([changed.promise, pause]);
  }
}

/** The static pod that a manifest makes on a node. Its uid is the hash of what it says. Throws for what is no Pod. */
export function staticPod(manifest: unknown, nodeName: string, now: number): Pod {
  if (!isJsonObject(manifest) || manifest["kind"] !== "Pod") throw new Error("not a Pod");
  const pod = manifest as unknown as Pod;
  const given = pod.metadata?.name;
  if (given === undefined || given === "") throw new Error("the pod has no name");
  const hash = hashOf(JSON.stringify([nodeName, manifest]));
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name: `${given}-${nodeName.toLowerCase()}`,
      namespace: pod.metadata?.namespace ?? "default",
      uid: hash,
      annotations: {
        ...pod.metadata?.annotations,
        [CONFIG_HASH]: hash,
        [CONFIG_SEEN]: timestamp(now),
        [CONFIG_SOURCE]: "file",
      },
    },
    spec: {
      ...pod.spec,
      nodeName,
      tolerations: [...pod.spec?.tolerations ?? [], { operator: "Exists", effect: "NoExecute" }],
    },
    status: {},
  };
}

async function readManifests(options: StaticPodOptions): Promise<Map<string, Pod>> {
  const { directory, logger, nodeName, clock, applyDefaults } = options;
  const pods = new Map<string, Pod>();
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isDirectory && !entry.name.startsWith(".")) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const name of names.sort()) {
    try {
      const path = `${directory}/${name}`;
      if ((await Deno.stat(path)).size > MANIFEST_MAXIMUM_BYTES) throw new Error("too large");
      for (const document of yamlLibrary().parseAllDocuments(await Deno.readTextFile(path))) {
        if (!("toJS" in document) || document.contents === null) continue;
        const pod = staticPod(document.toJS({ maxAliasCount: 100 }), nodeName, clock.now());
        applyDefaults(pod);
        pods.set(pod.metadata?.uid ?? "", pod);
      }
    } catch (error) {
      logger.warn("cannot read a static pod", { file: name, error: String(error) });
    }
  }
  return pods;
}

/** 32 hex digits; equal manifests on one node get equal uids, so that a restart finds its pods again. */
function hashOf(text: string): string {
  let hash = "";
  for (const salt of "abcd") hash += fnv1a(salt + text).padStart(8, "0");
  return hash;
}

function watch(directory: string, onChange: () => void): Deno.FsWatcher | undefined {
  try {
    const watcher = Deno.watchFs(directory, { recursive: false });
    (async () => {
      for await (const event of watcher) if (event.kind !== "access") onChange();
    })().catch(() => {});
    return watcher;
  } catch {
    // The folder may come later; it is looked at again now and then.
    return undefined;
  }
}
