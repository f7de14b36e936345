import { userInfo } from "node:os";
import { programPath } from "./program.ts";

/** A program that a node needs, and Debian's package that brings it. */
interface Requirement {
  readonly program: string;
  readonly package: string;
  readonly rootlessOnly?: boolean;
}

const REQUIREMENTS: readonly Requirement[] = [
  { program: "podman", package: "podman" },
  { program: "conmon", package: "conmon" },
  { program: "nft", package: "nftables" },
  { program: "iptables", package: "iptables" },
  { program: "ip", package: "iproute2" },
  { program: "catatonit", package: "catatonit" },
  { program: "conntrack", package: "conntrack" },
  { program: "hostname", package: "hostname" },
  { program: "unshare", package: "util-linux" },
  { program: "nsenter", package: "util-linux" },
  { program: "setpriv", package: "util-linux" },
  { program: "slirp4netns", package: "slirp4netns", rootlessOnly: true },
  { program: "newuidmap", package: "uidmap", rootlessOnly: true },
];

const CNI_PACKAGE = "containernetworking-plugins";
const CNI_PLUGINS = ["ptp", "host-local", "portmap"];
export const CNI_DIRECTORIES = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

export interface MissingRequirements {
  readonly programs: readonly string[];
  readonly packages: readonly string[];
  /** Sentences about what no package brings: user id ranges, devices. Each says what mends it. */
  readonly problems: readonly string[];
  /** The line that installs the packages; undefined when none is missing. */
  readonly install?: string;
}

/** What a Podman node on this machine lacks. Nothing missing: three empty lists. */
export async function missingRequirements(rootless: boolean): Promise<MissingRequirements> {
  const programs: string[] = [];
  const packages = new Set<string>();
  for (const requirement of REQUIREMENTS) {
    if (requirement.rootlessOnly === true && !rootless) continue;
    if (await findProgram(requirement.program) !== undefined) continue;
    programs.push(requirement.program);
    packages.add(requirement.package);
  }
  if (await findProgram("runc") === undefined && await findProgram("crun") === undefined) {
    programs.push("runc");
    packages.add("runc");
  }
  if (await cniDirectory() === undefined) {
    programs.push(...CNI_PLUGINS.map((plugin) => `CNI plugin ${plugin}`));
    packages.add(CNI_PACKAGE);
  }
  const problems = rootless ? await rootlessProblems() : [];
  return {
    programs,
    packages: [...packages],
    problems,
    ...(packages.size === 0
      ? {}
      : { install: `apt-get install --no-install-recommends -y ${[...packages].join(" ")}` }),
  };
}

/** The first folder that holds the standard network plugins. */
export async function cniDirectory(): Promise<string | undefined> {
  for (const directory of CNI_DIRECTORIES) {
    const found = await Promise.all(CNI_PLUGINS.map((plugin) => isFile(`${directory}/${plugin}`)));
    if (found.every(Boolean)) return directory;
  }
  return undefined;
}

/** Where a program lies, on the usual path with the administrator's folders; undefined when nowhere. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of programPath().split(":")) {
    if (await isFile(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return undefined;
}

/** Ids that a user may map, by the text of /etc/subuid: the sum of the user's ranges. Pure. */
export function mappableIds(text: string, user: string, uid: number): number {
  let sum = 0;
  for (const line of text.split("\n")) {
    const [owner, , count] = line.trim().split(":");
    if (owner === user || owner === String(uid)) sum += Number(count) || 0;
  }
  return sum;
}

/** Fewer than this and an ordinary image's users do not fit. */
const IDS_NEEDED = 65_536;

async function rootlessProblems(): Promise<string[]> {
  const problems: string[] = [];
  const uid = Deno.uid() ?? 0;
  const user = userInfo().username;
  for (const file of ["/etc/subuid", "/etc/subgid"]) {
    const text = await Deno.readTextFile(file).catch(() => "");
    if (mappableIds(text, user, uid) >= IDS_NEEDED) continue;
    problems.push(
      `${file} gives ${user} fewer than ${IDS_NEEDED} ids; as root: ` +
        `usermod --add-subuids 300000-365535 --add-subgids 300000-365535 ${user}`,
    );
  }
  try {
    (await Deno.open("/dev/net/tun", { read: true, write: true })).close();
  } catch {
    problems.push("/dev/net/tun cannot be opened by this user; as root: chmod 0666 /dev/net/tun");
  }
  for (
    const [path, off, mend] of [
      ["/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"],
      ["/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=65536"],
    ] as const
  ) {
    const value = (await Deno.readTextFile(path).catch(() => "")).trim();
    if (value === off) problems.push(`user namespaces are off; as root: sysctl -w ${mend}`);
  }
  return problems;
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}
