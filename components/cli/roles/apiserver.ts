import { parseListenAddress, startApiServerProcess } from "../../cluster/mod.ts";
import { type Command, DATA_FLAG } from "../command.ts";
import { layoutOf } from "../data.ts";
import { ETCD_FLAGS, etcdChoice, withoutEtcd } from "../etcd_flags.ts";
import { UsageError } from "../flags.ts";
import { API_SERVER_FLAGS, apiServerFlags } from "./api_server_flags.ts";
import { DOMAIN_FLAG, networkOf, SERVICE_CIDR_FLAG, VERBOSE_FLAG } from "./role_flags.ts";
import { runRole } from "./run_role.ts";
import { SERVER_FLAGS, serverChoice } from "./server_flags.ts";

/** `coracle apiserver`: kube-apiserver alone, with its store. */
export const apiserver: Command = {
  name: "apiserver",
  usage: "--advertise-address ADDRESS [flags]",
  summary: "run kube-apiserver alone; it writes a kubeconfig for every other role",
  flags: [
    DATA_FLAG,
    { name: "listen", kind: "text", value: "HOST:PORT", help: "where it listens (0.0.0.0:6443)" },
    {
      name: "advertise-address",
      kind: "text",
      value: "ADDRESS",
      help: "where pods reach it; not a loopback",
    },
    {
      name: "etcd-servers",
      kind: "text",
      value: "URL,…",
      help: "the etcd that the state lies in, which several API servers may share (none)",
    },
    ...ETCD_FLAGS,
    {
      name: "pki-dir",
      kind: "text",
      value: "DIR",
      help: "the cluster's keys, which several API servers share (in the data directory)",
    },
    SERVICE_CIDR_FLAG,
    DOMAIN_FLAG,
    ...SERVER_FLAGS,
    ...API_SERVER_FLAGS,
    VERBOSE_FLAG,
  ],
  run: (flags, terminal) => {
    if (flags.args.length > 0) throw new UsageError(`unknown argument ${flags.args[0]}`);
    const text = flags.text("listen") ?? "0.0.0.0:6443";
    const listen = parseListenAddress(text);
    if (listen === undefined) {
      throw new UsageError(
        `invalid argument ${JSON.stringify(text)} for "--listen" flag: must be HOST:PORT`,
      );
    }
    const advertise = flags.text("advertise-address");
    if (advertise === undefined || advertise.startsWith("127.") || advertise === "::1") {
      throw new UsageError("--advertise-address is required, and must not be a loopback");
    }
    const servers = flags.text("etcd-servers");
    const etcd = servers === undefined
      ? withoutEtcd(flags, "--etcd-servers")
      : etcdChoice(flags, "etcd-servers", servers);
    const pkiDirectory = flags.text("pki-dir");
    return runRole(terminal, () =>
      startApiServerProcess({
        dataDirectory: layoutOf(flags, terminal).root,
        listen,
        advertise,
        network: networkOf(flags),
        running: serverChoice(flags, (line) => terminal.tell(line)),
        ...(etcd === undefined ? {} : { etcd }),
        ...(pkiDirectory === undefined ? {} : { pkiDirectory }),
        log: (line) => terminal.tell(line),
        verbose: flags.is("verbose"),
        flags: apiServerFlags(flags),
      }));
  },
};
