import {
  askScheduler,
  connect,
  decisionJson,
  explainPod,
  type PodExplanation,
  readKubeconfig,
} from "../cluster/mod.ts";
import { type Command, DATA_FLAG, OUTPUT_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";
import { UsageError } from "./flags.ts";

/** `coracle explain pod NAME`: why it is what it is. */
export const explain: Command = {
  name: "explain",
  usage: "pod NAME [flags]",
  summary: "say why a pod is pending, was restarted or does not end",
  flags: [
    { name: "namespace", short: "n", kind: "text", value: "NAME", help: "its namespace (default)" },
    { name: "kubeconfig", kind: "text", value: "FILE", help: "of another cluster" },
    DATA_FLAG,
    OUTPUT_FLAG,
  ],
  async run(flags, terminal) {
    const [kind, name, ...more] = flags.args;
    if ((kind !== "pod" && kind !== "pods") || name === undefined || more.length > 0) {
      throw new UsageError("what is explained is: pod NAME");
    }
    const layout = layoutOf(flags, terminal);
    const kubeconfig = flags.text("kubeconfig") ?? layout.adminKubeconfig;
    const access = await readKubeconfig(kubeconfig);
    const connection = connect(access, "coracle");
    // A kubeconfig that leads to the same server is of the same cluster.
    const own = await readKubeconfig(layout.adminKubeconfig).catch(() => undefined);
    const question = own?.server === access.server
      ? await askScheduler(layout.scheduler, access)
      : undefined;
    try {
      const namespace = flags.text("namespace") ?? access.namespace ?? "default";
      const explanation = await explainPod(connection.client, namespace, name, question?.ask);
      if (flags.text("output") === "json") {
        terminal.print(JSON.stringify(decisionJson(explanation)));
      } else for (const line of readable(explanation)) terminal.print(line);
    } finally {
      question?.close();
      connection.close();
    }
    return 0;
  },
};

/** An explanation as a person reads it. Pure. */
export function readable(explanation: PodExplanation): string[] {
  const { events, node, nodes, phase, pod, reasons, wouldFit } = explanation;
  const lines = [`pod ${pod} is ${phase}${node === undefined ? "" : ` on ${node}`}`];
  for (const reason of reasons) lines.push(`  ${reason}`);
  for (const change of wouldFit) lines.push(`  it would fit with ${change}`);
  for (const [name, verdict] of Object.entries(nodes)) {
    lines.push(
      "rejectedBy" in verdict
        ? `node ${name}: ${verdict.reason} (${verdict.rejectedBy})`
        : `node ${name}: fits, ${verdict.total} points (${scoresText(verdict.scores)})`,
    );
  }
  for (const { reason, message } of events) lines.push(`event ${reason}: ${message}`);
  return lines;
}

function scoresText(scores: Readonly<Record<string, number>>): string {
  return Object.entries(scores).map(([plugin, points]) => `${plugin} ${points}`).join(", ");
}
