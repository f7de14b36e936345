import { readState, writeState } from "../host/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import type { RuntimeName } from "./instance.ts";
import { type ListenAddress, parseListenAddress } from "./network.ts";
import { StartError } from "./start_error.ts";

/** What a cluster was last started with, and is again where nobody says otherwise. */
export interface ChosenOptions {
  readonly listen: ListenAddress;
  readonly runtime: RuntimeName;
  readonly nodes: number;
}

/** What new clusters get. */
const DEFAULTS: ChosenOptions = {
  listen: { host: "127.0.0.1", port: 6443 },
  runtime: "podman",
  nodes: 1,
};

/** As the file holds it: a person may read it. */
interface Recorded {
  readonly listen: string;
  readonly runtime: string;
  readonly nodes: number;
}

/**
 * What is asked for, else what is recorded, else what new clusters get. Throws `StartError` where the cluster that is
 * there cannot become what is asked for. Pure.
 */
export function chosenOptions(
  recorded: Partial<ChosenOptions> | undefined,
  asked: Partial<ChosenOptions>,
): ChosenOptions {
  const { runtime, nodes } = recorded ?? {};
  if (runtime !== undefined && asked.runtime !== undefined && asked.runtime !== runtime) {
    throw new StartError(
      `the nodes of this cluster are ${runtime}: ` +
        `--runtime is chosen when a cluster is made, and ${asked.runtime} would be another`,
    );
  }
  if (nodes !== undefined && asked.nodes !== undefined && asked.nodes < nodes) {
    throw new StartError(
      `this cluster has ${nodes} nodes: --nodes may add some, and ${asked.nodes} would take some away`,
    );
  }
  return { ...DEFAULTS, ...recorded, ...asked };
}

/** What the data directory's cluster was last started with; what cannot be read of it is left out. */
export async function recordedOptions(
  layout: DataLayout,
): Promise<Partial<ChosenOptions> | undefined> {
  const found = await readState<Partial<Recorded>>(optionsPath(layout));
  if (typeof found !== "object" || found === null) return undefined;
  const { listen, nodes, runtime } = found;
  const address = typeof listen === "string" ? parseListenAddress(listen) : undefined;
  return {
    ...(address === undefined ? {} : { listen: address }),
    ...(runtime === "podman" || runtime === "hollow" ? { runtime } : {}),
    ...(typeof nodes === "number" && Number.isInteger(nodes) && nodes > 0 ? { nodes } : {}),
  };
}

export async function recordOptions(layout: DataLayout, options: ChosenOptions): Promise<void> {
  const { listen, nodes, runtime } = options;
  const recorded: Recorded = { listen: listenText(listen), runtime, nodes };
  await writeState(optionsPath(layout), recorded);
}

/** `host:port`, as `parseListenAddress` reads it. Pure. */
export function listenText({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

const optionsPath = (layout: DataLayout) => `${layout.root}/options.json`;
