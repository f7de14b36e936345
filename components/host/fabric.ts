import { type Clock, systemClock } from "../base/mod.ts";
import { endHolder, type Holder, startHolder } from "./holder.ts";
import { defaultLink, ipBatch, type Link, listLinks, listRoutes, usedRanges } from "./ip.ts";
import { applyRuleset, deleteTable } from "./nft.ts";
import { endProcess, isAlive, type ProcessIdentity } from "./processes.ts";
import { outputOf } from "./program.ts";
import { planPodRange } from "./pod_range.ts";
import { FORWARD_ADDRESS, slirpClaims, socketClaims } from "./port_claims.ts";
import { FORWARDS_MAP, type PortForward, PortForwards } from "./port_forwards.ts";
import {
  SLIRP_DEVICE,
  SLIRP_MACHINE,
  SLIRP_MTU,
  SLIRP_RANGE,
  SLIRP_RESOLVER,
  startSlirp,
} from "./slirp.ts";
import { type FabricRepair, monitorLinks, SlirpKeeper, staysAlive } from "./slirp_keeper.ts";
import { readState, removeState, writeState } from "./state_file.ts";
import { formatAddress, formatSubnet, freeSubnet, parseSubnet } from "./subnet.ts";

/** Where the kernel shows a veth's node address: in the link's alias, so that the kernel is the record. */
const ALIAS_PREFIX = "coracle:";
const STATE_FILE = "fabric.json";
const SLIRP_SOCKET = "slirp.sock";
/** Held while ranges of the machine's own network are chosen. */
const MACHINE_LOCK = "/run/coracle.lock";

export interface FabricOptions {
  /** The cluster's name: its bridge and table are named by it. */
  readonly name: string;
  /** Keeps the state file, logs and sockets. */
  readonly directory: string;
  readonly rootless: boolean;
  /** Ranges the nodes' addresses must not touch: those of pods and Services. */
  readonly avoid?: readonly string[];
  /** Ranges of which the pods get one: the first that the machine does not use. As root only. */
  readonly podRanges?: readonly string[];
  /** Rootless: ports of the machine's loopback that nodes and pods may reach; all when absent. */
  readonly machinePorts?: readonly number[];
  readonly clock?: Clock;
  /** Rootless: starts slirp4netns again when it ends, for as long as the fabric is open, and tells of it. */
  readonly repair?: FabricRepair;
}

/**
 * What the nodes of one cluster on one machine are plugged into: a bridge with a way out. As root it stands in the
 * machine's own network; rootless, in a user and network namespace with slirp4netns.
 */
export interface Fabric {
  readonly name: string;
  readonly directory: string;
  readonly rootless: boolean;
  /** Enters the namespaces in which the bridge stands; empty as root. */
  readonly prefix: readonly string[];
  readonly bridge: string;
  /** `10.213.0.0/24`. */
  readonly subnet: string;
  /** Of `podRanges` the one that this cluster's pods have on this machine. */
  readonly podRange: string | undefined;
  /** The bridge's own address: the nodes' gateway. */
  readonly gateway: string;
  /** The machine as nodes and pods reach it. */
  readonly machineAddress: string;
  readonly mtu: number;
  /** Nameservers that a node's processes can reach. */
  readonly resolver: string;
  /** Runs one work at a time: nodes that are plugged in together must not get one address. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Leads a port of the machine's 127.0.0.1 to a node, until it is taken back; a restart of ours does not end it.
   * Again for a port that is led elsewhere: from now on it leads there. Rejects with `PortInUseError`.
   */
  forward(forward: PortForward): Promise<void>;
  /** Takes a forward back. Fine when there is none. */
  unforward(protocol: PortForward["protocol"], hostPort: number): Promise<void>;
  /** The ports that are forwarded, those of a former process of ours too. */
  forwards(): Promise<readonly Pick<PortForward, "protocol" | "hostPort">[]>;
  /** Lets go of what ends with this process; the rest stays. */
  close(): void;
  /** Removes bridge, rules, slirp4netns and namespace. Nodes in it end. */
  destroy(): Promise<void>;
}

interface FabricState {
  readonly holder?: Holder;
  readonly slirp?: ProcessIdentity;
  /** Forwarding was off on the machine before us. */
  readonly turnedForwardingOn?: boolean;
}

/** Adopts what stands, makes what is missing. Rejects with `PodRangeError` where no range is left for pods. */
export async function openFabric(options: FabricOptions): Promise<Fabric> {
  if (options.rootless) return await openUnlocked(options);
  // Clusters that are made together must not choose the same ranges.
  using lock = await Deno.open(MACHINE_LOCK, { write: true, create: true, mode: 0o600 });
  await lock.lock(true);
  return await openUnlocked(options);
}

async function openUnlocked(options: FabricOptions): Promise<Fabric> {
  const { name, directory, repair, rootless } = options;
  const clock = options.clock ?? systemClock;
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const statePath = `${directory}/${STATE_FILE}`;
  const socket = `${directory}/${SLIRP_SOCKET}`;
  let state = await readState<FabricState>(statePath) ?? {};
  if (rootless) {
    state = await openOutside(directory, state, clock);
    await writeState(statePath, state);
  }
  const prefix = state.holder === undefined ? [] : enterPrefix(state.holder.holder.pid, true);
  const mark = shortHash(name);
  const bridge = `cor-${mark}`;
  const table = `coracle_${mark}`;

  const pods = rootless || options.podRanges === undefined
    ? undefined
    : planPodRange(bridge, options.podRanges, await listRoutes(prefix));
  const existing = (await listLinks(prefix)).find(({ ifname }) => ifname === bridge);
  const own = existing?.addr_info?.find(({ family }) => family === "inet");
  let subnet = own === undefined ? undefined : parseSubnet(`${own.local}/${own.prefixlen}`);
  const mtu = rootless ? SLIRP_MTU : (await defaultLink(prefix))?.mtu ?? 1_500;
  if (subnet === undefined) {
    const used = [
      ...await usedRanges(prefix),
      ...options.avoid ?? [],
      SLIRP_RANGE,
      pods?.range ?? "",
    ];
    subnet = freeSubnet(used);
    if (subnet === undefined) throw new Error("no private address range is free for the nodes");
    if (existing !== undefined) await ipBatch([`link delete ${bridge}`], prefix);
    await ipBatch([
      `link add ${bridge} type bridge`,
      `link set ${bridge} mtu ${mtu}`,
      `address add ${formatAddress(subnet.first + 1)}/${subnet.bits} dev ${bridge}`,
      `link set ${bridge} up`,
    ], prefix);
  }
  if (await turnOn("ip_forward", prefix) && !rootless) {
    state = { ...state, turnedForwardingOn: true };
    await writeState(statePath, state);
  }
  const gateway = formatAddress(subnet.first + 1);
  if (pods !== undefined && !pods.isClaimed) {
    await ipBatch([`route add ${pods.range} dev ${bridge}`], prefix);
  }
  await applyRuleset(
    fabricRules({
      table,
      bridge,
      subnet: formatSubnet(subnet),
      ...(rootless ? { uplink: SLIRP_DEVICE } : {}),
      ...(rootless && options.machinePorts !== undefined
        ? { machinePorts: options.machinePorts }
        : {}),
    }),
    prefix,
  );

  // Only now that the rules guard it: packets of the machine's loopback may go where the bridge leads, and come back.
  if (!rootless) await turnOn(`conf/${bridge}/route_localnet`, prefix);
  const forwards = new PortForwards(
    table,
    prefix,
    rootless ? slirpClaims(socket) : socketClaims(),
  );

  const keeper = rootless && repair !== undefined
    ? new SlirpKeeper({
      monitor: () => monitorLinks(prefix),
      isAlive: (isEnding) => staysAlive(state.slirp, clock, isEnding),
      async revive() {
        state = await openOutside(directory, state, clock);
        await writeState(statePath, state);
        await forwards.renew();
        repair.done();
      },
      clock,
      told: repair.told,
    })
    : undefined;

  let turn: Promise<unknown> = Promise.resolve();
  return {
    name,
    directory,
    rootless,
    prefix,
    bridge,
    subnet: formatSubnet(subnet),
    podRange: pods?.range ?? options.podRanges?.[0],
    gateway,
    machineAddress: rootless ? SLIRP_MACHINE : gateway,
    mtu: existing?.mtu ?? mtu,
    resolver: rootless ? `nameserver ${SLIRP_RESOLVER}\n` : await machineResolver(),
    exclusive(work) {
      const done = turn.then(work);
      turn = done.catch(() => {});
      return done;
    },
    forward: (forward) => forwards.set(forward),
    unforward: (protocol, hostPort) => forwards.remove(protocol, hostPort),
    forwards: () => forwards.standing(),
    close() {
      keeper?.close();
      forwards.close();
    },
    async destroy() {
      keeper?.close();
      forwards.close();
      if (state.slirp !== undefined) await endProcess(state.slirp, clock, 0);
      if (state.holder !== undefined) await endHolder(state.holder, clock);
      if (!rootless) {
        await deleteTable("ip", table, prefix);
        const links = await listLinks(prefix);
        const gone = links.filter(({ ifname, master }) => ifname === bridge || master === bridge);
        await ipBatch(gone.map(({ ifname }) => `link delete ${ifname}`), prefix);
        // Others of ours may rest on it.
        const last = !(await listLinks(prefix)).some(({ ifname }) => ifname.startsWith("cor-"));
        if (state.turnedForwardingOn === true && last) {
          await Deno.writeTextFile("/proc/sys/net/ipv4/ip_forward", "0");
        }
      }
      await removeState(socket);
      await removeState(statePath);
    },
  };
}

/** Words that bring a command into a process's namespaces. */
export function enterPrefix(pid: number, rootless: boolean): string[] {
  const user = rootless ? ["--user", "--preserve-credentials"] : [];
  return ["nsenter", "--target", String(pid), ...user, "--net", "--mount", "--pid", "--"];
}

/** The address that a plugged-in node was given, by its link's alias. Pure. */
export function nodeAddressOf(link: Link): string | undefined {
  return link.ifalias?.startsWith(ALIAS_PREFIX)
    ? link.ifalias.slice(ALIAS_PREFIX.length)
    : undefined;
}

export function aliasOf(address: string): string {
  return ALIAS_PREFIX + address;
}

/** Eight hex digits of a name (32-bit FNV-1a): link names have fifteen characters. Pure. */
export function shortHash(name: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Leads a packet to a forwarded port on, and leaves every other as it is. */
const LOOK_UP = "meta l4proto { tcp, udp } " +
  `dnat ip to meta l4proto . th dport map @${FORWARDS_MAP}`;

/** The fabric's table: nodes go out by the machine's address. Pure. */
export function fabricRules(options: {
  readonly table: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly uplink?: string;
  readonly machinePorts?: readonly number[];
}): string {
  const { table, bridge, subnet, uplink, machinePorts } = options;
  const lines = [
    `add table ip ${table}`,
    `add map ip ${table} ${FORWARDS_MAP} { type inet_proto . inet_service : ipv4_addr . inet_service; }`,
    `add chain ip ${table} postrouting { type nat hook postrouting priority 100; }`,
    `flush chain ip ${table} postrouting`,
    `add rule ip ${table} postrouting ip saddr ${subnet} oifname != "${bridge}" masquerade`,
  ];
  if (uplink === undefined) {
    lines.push(
      `add chain ip ${table} output { type nat hook output priority -100; }`,
      `flush chain ip ${table} output`,
      `add rule ip ${table} output ip daddr ${FORWARD_ADDRESS} ${LOOK_UP}`,
      `add rule ip ${table} postrouting ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade`,
      // The bridge leads packets of the loopback: none may come in by it that calls itself one.
      `add chain ip ${table} guard { type filter hook prerouting priority -300; }`,
      `flush chain ip ${table} guard`,
      `add rule ip ${table} guard iifname "${bridge}" ip daddr 127.0.0.0/8 drop`,
    );
  } else {
    lines.push(
      `add chain ip ${table} prerouting { type nat hook prerouting priority -100; }`,
      `flush chain ip ${table} prerouting`,
      `add rule ip ${table} prerouting iifname "${uplink}" ${LOOK_UP}`,
    );
    if (machinePorts !== undefined) {
      const ports = machinePorts.length === 0 ? "" : ` tcp dport != { ${machinePorts.join(", ")} }`;
      lines.push(
        `add chain ip ${table} forward { type filter hook forward priority 0; }`,
        `flush chain ip ${table} forward`,
        `add rule ip ${table} forward ct direction reply accept`,
        `add rule ip ${table} forward ip daddr ${SLIRP_MACHINE}${ports} reject`,
        `add rule ip ${table} forward ip daddr ${SLIRP_MACHINE} meta l4proto != tcp reject`,
      );
    }
  }
  return lines.join("\n") + "\n";
}

async function openOutside(
  directory: string,
  state: FabricState,
  clock: Clock,
): Promise<FabricState> {
  let { holder, slirp } = state;
  if (holder === undefined || !await isAlive(holder.holder)) {
    if (slirp !== undefined) await endProcess(slirp, clock, 0);
    slirp = undefined;
    holder = await startHolder({
      prefix: [],
      unshare: ["--user", "--map-root-user", "--map-auto", "--net", "--mount"],
      setup: "ip link set lo up",
      arguments: [],
      logFile: `${directory}/fabric.log`,
      clock,
    });
  }
  if (slirp === undefined || !await isAlive(slirp)) {
    slirp = await startSlirp({
      pid: holder.holder.pid,
      socket: `${directory}/${SLIRP_SOCKET}`,
      logFile: `${directory}/slirp.log`,
      clock,
    });
  }
  return { holder, slirp };
}

/** Turns a switch of the network on. True when it was off. */
async function turnOn(name: string, prefix: readonly string[]): Promise<boolean> {
  const script = `f=/proc/sys/net/ipv4/${name}; read v <$f; [ $v = 1 ] || echo 1 >$f; echo $v`;
  return (await outputOf([...prefix, "/bin/sh", "-c", script])).trim() === "0";
}

/** The machine's resolver file without nameservers on its loopback, which no node can reach. */
async function machineResolver(): Promise<string> {
  for (const path of ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"]) {
    const text = await Deno.readTextFile(path).catch(() => "");
    const kept = text.split("\n").filter((line) => !line.trim().startsWith("nameserver 127."));
    if (kept.some((line) => line.trim().startsWith("nameserver"))) return kept.join("\n");
  }
  return "";
}
