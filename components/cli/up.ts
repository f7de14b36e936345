import { systemClock } from "../base/mod.ts";
import {
  checkApiServerFlags,
  checkRange,
  type ChosenOptions,
  chosenOptions,
  CONTEXT_NAME,
  ControlPlane,
  type EtcdChoice,
  type Instance,
  listenText,
  mergeKubeconfigFile,
  mergeUserKubeconfig,
  type NetworkRanges,
  parseListenAddress,
  recordedOptions,
  type RuntimeName,
  upDetached,
} from "../cluster/mod.ts";
import { type Command, DATA_FLAG, OUTPUT_FLAG, type Terminal } from "./command.ts";
import { layoutOf } from "./data.ts";
import { ETCD_FLAGS, etcdChoice, withoutEtcd } from "./etcd_flags.ts";
import { type Flag, type ParsedFlags, UsageError } from "./flags.ts";
import { API_SERVER_FLAGS, apiServerArguments, apiServerFlags } from "./roles/api_server_flags.ts";
import { SERVER_FLAGS, serverArguments, serverChoice } from "./roles/server_flags.ts";

const NODES_MAXIMUM = 5000;
const RANGE_FLAGS = [
  {
    flag: "cluster-cidr",
    which: "pods",
    help: "a new cluster's range of pods (10.244.0.0/16, or one that this machine does not use)",
  },
  {
    flag: "service-cluster-ip-range",
    which: "services",
    help: "a new cluster's range of Services (10.96.0.0/16, or one that this machine does not use)",
  },
] as const;

/** `coracle up`: a cluster, ready to use. */
export const up: Command = {
  name: "up",
  usage: "[flags]",
  summary: "start a cluster on this machine, or go on with the one that lies there",
  flags: [
    { name: "detach", short: "d", kind: "boolean", help: "return when it is ready; it runs on" },
    {
      name: "nodes",
      kind: "number",
      value: "N",
      help: "how many nodes (as before; 1 in a new cluster)",
    },
    {
      name: "runtime",
      kind: "text",
      value: "NAME",
      choices: ["podman", "hollow"],
      help:
        "what runs the pods: podman, or hollow for nodes that run nothing (as before; podman in a new cluster)",
    },
    DATA_FLAG,
    {
      name: "store",
      kind: "text",
      value: "kv|etcd=URL,…",
      help: "where the state lies: in the data directory, or in that etcd (kv)",
    },
    ...ETCD_FLAGS,
    {
      name: "listen",
      kind: "text",
      value: "HOST:PORT",
      help: "where the API server listens (as before; 127.0.0.1:6443 in a new cluster)",
    },
    ...RANGE_FLAGS.map(({ flag, help }): Flag => ({
      name: flag,
      kind: "text",
      value: "CIDR",
      help,
    })),
    {
      name: "kubeconfig",
      kind: "text",
      value: "FILE",
      help: "add the context to that file, instead of to the user's own kubeconfig",
    },
    ...SERVER_FLAGS,
    ...API_SERVER_FLAGS,
    { name: "verbose", short: "v", kind: "boolean", help: "log details" },
    OUTPUT_FLAG,
  ],
  async run(flags, terminal) {
    const options = await upOptions(flags, terminal);
    // What is wrong with them is told here, not in the log of a process that nobody looks at.
    const running = serverChoice(flags, (line) => terminal.tell(line));
    const access = apiServerFlags(flags);
    await checkApiServerFlags(access);
    if (flags.is("detach")) {
      const instance = await upDetached(options.layout, childArguments(options, flags));
      await announce(flags, terminal, options.layout.adminKubeconfig, instance);
      return 0;
    }
    const plane = await ControlPlane.start({
      dataDirectory: options.layout.root,
      listen: options.listen,
      runtime: options.runtime,
      nodes: options.nodes,
      ranges: options.ranges,
      ...(options.etcd === undefined ? {} : { etcd: options.etcd }),
      logLevel: flags.is("verbose") ? "debug" : "info",
      running,
      flags: access,
      progress: (step) => terminal.tell(`${step} …`),
    });
    try {
      const ended = untilAborted(terminal.signal);
      const isReady = await Promise.race([plane.ready.then(() => true), ended.then(() => false)]);
      if (isReady) {
        await announce(flags, terminal, plane.layout.adminKubeconfig, {
          server: plane.server,
          runtime: options.runtime,
          nodes: plane.nodeNames,
        });
        await ended;
      }
    } finally {
      await plane.end();
    }
    return 0;
  },
};

type Announced = Pick<Instance, "server" | "runtime" | "nodes">;

async function upOptions(flags: ParsedFlags, terminal: Terminal) {
  if (flags.args.length > 0) throw new UsageError(`unknown argument ${flags.args[0]}`);
  const asked = askedOptions(flags);
  const etcd = etcdOf(flags);
  const ranges = rangesOf(flags);
  const layout = layoutOf(flags, terminal);
  return { layout, ...chosenOptions(await recordedOptions(layout), asked), etcd, ranges };
}

/** What the flags say; what they do not say is as it was, or as in a new cluster. */
function askedOptions(flags: ParsedFlags): Partial<ChosenOptions> {
  const text = flags.text("listen");
  const listen = text === undefined ? undefined : parseListenAddress(text);
  if (text !== undefined && listen === undefined) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(text)} for "--listen" flag: must be HOST:PORT`,
    );
  }
  const nodes = flags.number("nodes");
  if (nodes !== undefined && (nodes < 1 || nodes > NODES_MAXIMUM)) {
    throw new UsageError(
      `invalid argument "${nodes}" for "--nodes" flag: must be from 1 to ${NODES_MAXIMUM}`,
    );
  }
  const runtime = flags.text("runtime") as RuntimeName | undefined;
  return {
    ...(listen === undefined ? {} : { listen }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(runtime === undefined ? {} : { runtime }),
  };
}

function rangesOf(flags: ParsedFlags): Partial<NetworkRanges> {
  const ranges: { -readonly [which in keyof NetworkRanges]?: string } = {};
  for (const { flag, which } of RANGE_FLAGS) {
    const text = flags.text(flag);
    if (text === undefined) continue;
    const checked = checkRange(which, text);
    if ("problem" in checked) {
      throw new UsageError(
        `invalid argument ${JSON.stringify(text)} for "--${flag}" flag: ${checked.problem}`,
      );
    }
    ranges[which] = checked.range;
  }
  return ranges;
}

/** The etcd of `--store etcd=URL,…`; undefined where the state lies in the data directory. */
function etcdOf(flags: ParsedFlags): EtcdChoice | undefined {
  const store = flags.text("store") ?? "kv";
  if (store === "kv") return withoutEtcd(flags, "--store etcd=URL,…");
  if (store.startsWith("etcd=")) return etcdChoice(flags, "store", store.slice("etcd=".length));
  throw new UsageError(
    `invalid argument ${JSON.stringify(store)} for "--store" flag: must be kv or etcd=URL,…`,
  );
}

/** The same cluster, in the foreground of a process that nobody looks at. */
function childArguments(
  { layout, listen, nodes, runtime }: Awaited<ReturnType<typeof upOptions>>,
  flags: ParsedFlags,
): string[] {
  return [
    "up",
    `--data-dir=${layout.root}`,
    `--listen=${listenText(listen)}`,
    `--nodes=${nodes}`,
    `--runtime=${runtime}`,
    // The one that waits for it writes the user's.
    `--kubeconfig=${layout.adminKubeconfig}`,
    `--verbose=${flags.is("verbose")}`,
    ...serverArguments(flags),
    ...apiServerArguments(flags),
    ...["store", ...ETCD_FLAGS.map(({ name }) => name), ...RANGE_FLAGS.map(({ flag }) => flag)]
      .flatMap((name) => {
        const value = flags.text(name);
        return value === undefined ? [] : [`--${name}=${value}`];
      }),
  ];
}

async function announce(
  flags: ParsedFlags,
  terminal: Terminal,
  adminKubeconfig: string,
  { server, runtime, nodes }: Announced,
): Promise<void> {
  const given = flags.text("kubeconfig");
  const kubeconfig = given ?? adminKubeconfig;
  if (given === undefined) {
    const merged = await mergeUserKubeconfig(adminKubeconfig, terminal.environment);
    if ("problem" in merged) terminal.tell(`kubeconfig not changed: ${merged.problem}`);
    else tellContext(merged.context, terminal);
  } else if (given !== adminKubeconfig) {
    tellContext(await mergeKubeconfigFile(adminKubeconfig, given), terminal);
  }
  const seconds = systemClock.monotonic() / 1000;
  terminal.print(
    flags.text("output") === "json"
      ? JSON.stringify({ seconds, server, kubeconfig, runtime, nodes })
      : `Cluster ready in ${seconds.toFixed(1)} s. export KUBECONFIG=${kubeconfig}`,
  );
}

function tellContext(context: string, terminal: Terminal): void {
  if (context === CONTEXT_NAME) return;
  terminal.tell(
    `the kubeconfig's ${CONTEXT_NAME} is another cluster: the context of this one is ${context}`,
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
