import { type Clock, systemClock } from "../base/mod.ts";
import { nodeCgroup, removeCgroupTree } from "./cgroups.ts";
import { aliasOf, type Fabric, nodeAddressOf, shortHash } from "./fabric.ts";
import { endHolder, type Holder, startHolder } from "./holder.ts";
import { ipBatch, listLinks } from "./ip.ts";
import { isAlive, type ProcessIdentity } from "./processes.ts";
import { applyRuleset } from "./nft.ts";
import { output, outputOf } from "./program.ts";
import { readState, removeState, writeState } from "./state_file.ts";
import { formatAddress, parseSubnet } from "./subnet.ts";

const STATE_FILE = "namespace.json";
/** The node's own link, in its network. */
const NODE_LINK = "eth0";

export interface NodeNamespaceOptions {
  readonly fabric: Fabric;
  /** The node's name: its host name. */
  readonly name: string;
  /** The node's directory: state file and logs; not below /run or /dev/shm, which are the node's own inside. */
  readonly directory: string;
  /** Range of all pods: what leaves it leaves by the node's address. */
  readonly clusterCidr?: string;
  readonly clock?: Clock;
}

/** A network, mount, pid, uts and ipc namespace for all of a node's processes, kept by a reaper that outlives us. */
export interface NodeNamespace {
  readonly name: string;
  readonly directory: string;
  readonly rootless: boolean;
  readonly holderPid: number;
  /** True when it stood already: a restart of ours. False: the node boots. */
  readonly adopted: boolean;
  /** The node's address on the fabric. */
  readonly address: string;
  readonly gateway: string;
  /** The machine as the node and its pods reach it. */
  readonly machineAddress: string;
  readonly mtu: number;
  /**
   * The words that run a command in the node. Ending the outer process (nsenter) sends TERM to the command, and so
   * does its death by KILL.
   */
  enter(command: readonly string[]): string[];
  /** Leads a pod range to this node: from the other nodes of its fabric and, as root, from the machine. */
  routePods(podCidr: string): Promise<void>;
  /** Leads a port of the machine's 127.0.0.1 to one of the node. */
  forward(protocol: "tcp" | "udp", hostPort: number, nodePort: number): Promise<void>;
  isAlive(): Promise<boolean>;
  /** Ends everything in it. The directory stays. */
  destroy(): Promise<void>;
}

interface NodeState {
  readonly node: Holder;
  readonly address: string;
  /** False while its network is not complete. */
  readonly complete: boolean;
}

/** Adopts the node's namespace when its holder runs, else makes it: a boot of the node. */
export async function openNodeNamespace(options: NodeNamespaceOptions): Promise<NodeNamespace> {
  const { fabric, name, directory } = options;
  const clock = options.clock ?? systemClock;
  for (const hidden of ["/run/", "/dev/shm/"]) {
    if (`${directory}/`.startsWith(hidden)) {
      throw new Error(`a node's directory cannot lie in ${hidden}: the node has its own there`);
    }
  }
  await Deno.mkdir(directory, { recursive: true, mode: 0o755 });
  const statePath = `${directory}/${STATE_FILE}`;
  const veth = `cor-${shortHash(`${fabric.name}/${name}`)}v`;

  let state = await readState<NodeState>(statePath);
  const alive = state !== undefined && await isAlive(state.node.holder);
  const adopted = alive && state?.complete === true;
  if (state === undefined || !adopted) {
    if (state !== undefined && alive) await endHolder(state.node, clock);
    state = await boot(options, statePath, veth, clock);
  }
  const { node, address } = state;
  const { pid } = node.holder;
  const inside = nodePrefix(pid, fabric.rootless);

  return {
    name,
    directory,
    rootless: fabric.rootless,
    holderPid: pid,
    adopted,
    address,
    gateway: fabric.gateway,
    machineAddress: fabric.machineAddress,
    mtu: fabric.mtu,
    enter: (command) => [...inside, "setpriv", "--pdeathsig", "TERM", "--", ...command],
    async routePods(podCidr) {
      await ipBatch([`route replace ${podCidr} via ${address}`], fabric.prefix);
    },
    forward: (protocol, hostPort, nodePort) =>
      fabric.forward({ protocol, hostPort, nodePort, nodeAddress: address }),
    isAlive: () => isAlive(node.holder),
    async destroy() {
      await endHolder(node, clock);
      await removeLink(fabric, veth);
      await removeCgroupTree(nodeCgroup(Deno.uid() ?? 0, fabric.rootless, name));
      await removeState(statePath);
    },
  };
}

/** The process that keeps the namespace of the node in that directory; undefined where the node does not run. */
export async function nodeHolder(directory: string): Promise<ProcessIdentity | undefined> {
  const holder = (await readState<NodeState>(`${directory}/${STATE_FILE}`))?.node.holder;
  return holder !== undefined && await isAlive(holder) ? holder : undefined;
}

/** Removes a directory with files of the users that only a rootless node's user namespace maps. */
export async function removeNodeDirectory(directory: string, rootless: boolean): Promise<void> {
  if (!rootless) return await Deno.remove(directory, { recursive: true }).catch(fineWhenGone);
  const mapped = ["--user", "--map-root-user", "--map-auto", "--"];
  await output("unshare", [...mapped, "rm", "-rf", "--", directory]);
}

async function boot(
  options: NodeNamespaceOptions,
  statePath: string,
  veth: string,
  clock: Clock,
): Promise<NodeState> {
  const { fabric, name, directory, clusterCidr } = options;
  await Deno.writeTextFile(`${directory}/resolv.conf`, fabric.resolver);
  await removeLink(fabric, veth);
  const node = await startHolder({
    prefix: fabric.prefix,
    unshare: ["--net", "--mount", "--uts", "--ipc"],
    setup: NODE_SETUP,
    arguments: [name, `${directory}/resolv.conf`, fabric.rootless ? "rootless" : "root"],
    logFile: `${directory}/holder.log`,
    clock,
  });
  await writeState(statePath, { node, address: "", complete: false });
  const address = await fabric.exclusive(() => plugIn(fabric, veth, node.holder.pid));
  const subnet = parseSubnet(fabric.subnet);
  const inside = nodePrefix(node.holder.pid, fabric.rootless);
  await ipBatch([
    `address add ${address}/${subnet?.bits ?? 24} dev ${NODE_LINK}`,
    `link set ${NODE_LINK} up`,
    `route add default via ${fabric.gateway}`,
  ], inside);
  if (clusterCidr !== undefined) await applyRuleset(nodeRules(clusterCidr), inside);
  const state = { node, address, complete: true };
  await writeState(statePath, state);
  return state;
}

/** Gives a node a link to the bridge and answers its address, which the link's alias remembers. */
async function plugIn(fabric: Fabric, veth: string, pid: number): Promise<string> {
  const address = await freeAddress(fabric);
  // The holder's id as the fabric's own pid namespace numbers it.
  const target = await pidAsSeenFrom(fabric, pid);
  const link = `mtu ${fabric.mtu} type veth peer name ${NODE_LINK} mtu ${fabric.mtu}`;
  await ipBatch([
    `link add ${veth} ${link} netns ${target}`,
    `link set ${veth} alias ${aliasOf(address)}`,
    `link set ${veth} master ${fabric.bridge}`,
    `link set ${veth} up`,
  ], fabric.prefix);
  return address;
}

/** The node's first rules: pods reach what is outside of the cluster by the node's address. Pure. */
export function nodeRules(clusterCidr: string): string {
  const leaving = `oifname "${NODE_LINK}" ip saddr ${clusterCidr} ip daddr != ${clusterCidr}`;
  return [
    "add table ip coracle_node",
    "add chain ip coracle_node postrouting { type nat hook postrouting priority 100; }",
    "flush chain ip coracle_node postrouting",
    `add rule ip coracle_node postrouting ${leaving} masquerade fully-random`,
    "",
  ].join("\n");
}

/**
 * What the first process of a node does before the reaper takes its place: a name, /run and /dev/shm of the node's
 * own (Podman's locks live there), nothing where Podman as root of a user namespace would look for what only the
 * machine's root may read (signatures of images), a resolver file that works from here, and the network's switches.
 */
const NODE_SETUP = `
hostname "$1"
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mkdir -p /run/netns /run/lock
if [ "$3" = rootless ] && [ -d /var/lib/containers ]; then
  mount -t tmpfs -o mode=755,size=1m tmpfs /var/lib/containers
fi
resolver=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolver")" 2>/dev/null || true
[ -e "$resolver" ] || : >"$resolver" || true
mount --bind "$2" "$resolver"
ip link set lo up
turn() { [ ! -e "/proc/sys/$1" ] || echo "$2" >"/proc/sys/$1" || true; }
turn net/ipv4/ip_forward 1
turn net/ipv6/conf/all/forwarding 1
turn net/ipv4/conf/all/route_localnet 1
turn net/ipv4/conf/default/route_localnet 1
turn net/ipv4/conf/all/rp_filter 0
turn net/ipv4/conf/default/rp_filter 0
turn net/bridge/bridge-nf-call-iptables 1
`;

function nodePrefix(pid: number, rootless: boolean): string[] {
  const user = rootless ? ["--user", "--preserve-credentials"] : [];
  const rest = ["--net", "--mount", "--pid", "--uts", "--ipc", "--"];
  return ["nsenter", "--target", String(pid), ...user, ...rest];
}

async function freeAddress(fabric: Fabric): Promise<string> {
  const subnet = parseSubnet(fabric.subnet);
  const used = new Set((await listLinks(fabric.prefix)).map(nodeAddressOf));
  for (let value = (subnet?.first ?? 0) + 2; value < (subnet?.last ?? 0); value++) {
    const address = formatAddress(value);
    if (!used.has(address)) return address;
  }
  throw new Error(`every address of ${fabric.subnet} is taken`);
}

async function removeLink(fabric: Fabric, name: string): Promise<void> {
  if (!(await listLinks(fabric.prefix)).some(({ ifname }) => ifname === name)) return;
  // The kernel may be taking it down with the namespace at the far end.
  await ipBatch([`link delete ${name}`], fabric.prefix).catch(() => {});
}

async function pidAsSeenFrom(fabric: Fabric, pid: number): Promise<number> {
  if (fabric.prefix.length === 0) return pid;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const line = status.split("\n").find((candidate) => candidate.startsWith("NSpid:")) ?? "";
  // From outermost to innermost: here, the fabric's, the node's.
  const seen = Number(line.split("\t").at(-2));
  // A second look keeps a wrong link from going to a stranger.
  await outputOf([...fabric.prefix, "test", "-e", `/proc/${seen}/ns/net`]);
  return seen;
}

function fineWhenGone(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
