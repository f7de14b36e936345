import type { OwnPluginModule } from "./own_plugin.ts";

/** For tests: does to a pod what its label says. */
const plugin: OwnPluginModule = {
  name: "Fake",
  points: ["preEnqueue", "filter", "score", "bind"],
  podSelector: { matchExpressions: [{ key: "does", operator: "Exists" }] },
  create: () => ({
    preEnqueue: (pod) => pod.metadata?.labels?.["does"] !== "keepOut" || "not yet",
    filter(pod, node) {
      switch (pod.metadata?.labels?.["does"]) {
        case "throw":
          throw new Error("no idea");
        case "hang":
          for (;;);
        case "wait":
          return new Promise(() => {});
        case "nonsense":
          return 7 as never;
        case "refuse":
          return node.metadata?.name === "n1" ? "not on n1" : undefined;
      }
      return undefined;
    },
    score: (pod) => pod.metadata?.labels?.["does"] === "overrate" ? 1000 : 50,
    bind: () => ({ code: "Skip" }),
  }),
};

export default plugin;
