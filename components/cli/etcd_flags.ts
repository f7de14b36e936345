import { type EtcdChoice, parseEtcdServers } from "../cluster/mod.ts";
import { type Flag, type ParsedFlags, UsageError } from "./flags.ts";

/** How etcd is spoken with: kube-apiserver's names. */
export const ETCD_FLAGS: readonly Flag[] = [
  {
    name: "etcd-prefix",
    kind: "text",
    value: "PREFIX",
    help: "what all keys in etcd start with (/registry)",
  },
  {
    name: "etcd-cafile",
    kind: "text",
    value: "FILE",
    help: "who has signed etcd's certificates, PEM",
  },
  { name: "etcd-certfile", kind: "text", value: "FILE", help: "what etcd is shown, PEM" },
  { name: "etcd-keyfile", kind: "text", value: "FILE", help: "its key, PEM" },
  {
    name: "etcd-compaction-interval",
    kind: "text",
    value: "DURATION",
    help: "how often etcd's old revisions are compacted; 0 leaves it to others (5m0s)",
  },
];

const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** The etcd whose members `servers` names, as the flags have it. Throws `UsageError`. */
export function etcdChoice(flags: ParsedFlags, flag: string, servers: string): EtcdChoice {
  const parsed = parseEtcdServers(servers);
  if (parsed === undefined) {
    throw new UsageError(
      `invalid argument ${
        JSON.stringify(servers)
      } for "--${flag}" flag: must be http:// or https:// URLs, separated by commas`,
    );
  }
  const prefix = flags.text("etcd-prefix");
  const caFile = flags.text("etcd-cafile");
  const certFile = flags.text("etcd-certfile");
  const keyFile = flags.text("etcd-keyfile");
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError("--etcd-certfile and --etcd-keyfile go together");
  }
  const interval = flags.text("etcd-compaction-interval");
  return {
    servers: parsed,
    ...(prefix === undefined ? {} : { prefix: cleanPrefix(prefix) }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(interval === undefined ? {} : { compactionSeconds: secondsOf(interval) }),
  };
}

/** Refuses flags of etcd where it is not the store. */
export function withoutEtcd(flags: ParsedFlags, needed: string): undefined {
  const given = ETCD_FLAGS.find(({ name }) => flags.text(name) !== undefined);
  if (given !== undefined) throw new UsageError(`--${given.name} needs ${needed}`);
  return undefined;
}

/** As kube-apiserver takes it: with a slash before it and none after. */
function cleanPrefix(text: string): string {
  const parts = text.split("/").filter((part) => part !== "");
  if (parts.length === 0) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(text)} for "--etcd-prefix" flag: must not be empty`,
    );
  }
  return `/${parts.join("/")}`;
}

/** Whole seconds of `5m0s` and the like. Throws `UsageError`. */
function secondsOf(text: string): number {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  const whole = parts.map(([part]) => part).join("");
  if (parts.length === 0 || whole !== text) {
    throw new UsageError(
      `invalid argument ${
        JSON.stringify(text)
      } for "--etcd-compaction-interval" flag: must be a duration such as 5m0s`,
    );
  }
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNIT_SECONDS[unit ?? "s"]!,
    0,
  );
}
