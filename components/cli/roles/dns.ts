import { parseListenAddress, startDnsProcess } from "../../cluster/mod.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../flags.ts";
import { DOMAIN_FLAG, KUBECONFIG_FLAG, roleProcessOptions, VERBOSE_FLAG } from "./role_flags.ts";
import { runRole } from "./run_role.ts";

/** `coracle dns`: cluster DNS alone. */
export const dns: Command = {
  name: "dns",
  usage: "--kubeconfig FILE [flags]",
  summary: "run cluster DNS alone",
  flags: [
    KUBECONFIG_FLAG,
    DOMAIN_FLAG,
    { name: "listen", kind: "text", value: "HOST:PORT", help: "where it answers (0.0.0.0:53)" },
    {
      name: "upstream",
      kind: "text",
      value: "ADDRESS,…",
      help: "who is asked for other names (the machine's nameservers)",
    },
    VERBOSE_FLAG,
  ],
  run: (flags, terminal) => {
    const text = flags.text("listen") ?? "0.0.0.0:53";
    const listen = parseListenAddress(text);
    if (listen === undefined) {
      throw new UsageError(
        `invalid argument ${JSON.stringify(text)} for "--listen" flag: must be HOST:PORT`,
      );
    }
    const upstreams = flags.text("upstream")?.split(",");
    return runRole(terminal, () =>
      startDnsProcess({
        ...roleProcessOptions(flags, terminal),
        listen,
        ...(upstreams === undefined ? {} : { upstreams }),
      }));
  },
};
