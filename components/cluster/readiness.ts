import { type Node, NODES, SERVICE_ACCOUNTS, type ServiceAccount } from "../api/mod.ts";
import type { Clock, Logger } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { Informer } from "../reconcile/mod.ts";

/** On a node until its readiness is seen. */
const NOT_READY = "node.kubernetes.io/not-ready";

export interface ReadinessOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nodes that must be Ready. */
  readonly nodes: readonly string[];
  /** Names of the controllers that run; all where not given. What is the work of another is not waited for. */
  readonly controllers?: readonly string[];
  readonly signal: AbortSignal;
}

/** Resolves when a cluster can run a pod: its nodes are Ready and seen to be, and the default service account exists. */
export async function clusterReady(options: ReadinessOptions): Promise<void> {
  const { clock, client, logger, nodes, signal } = options;
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const missing = new Set(nodes);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const works = (controller: string) => options.controllers?.includes(controller) ?? true;
  let hasAccount = !works("serviceaccount-controller");
  const check = () => {
    if (missing.size === 0 && hasAccount) resolve();
  };
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  if (signal.aborted) reject(signal.reason);
  const nodeInformer = new Informer<Node, boolean>({
    client,
    type: NODES,
    clock,
    logger,
    project: works("node-lifecycle-controller") ? takesPods : isReady,
  });
  nodeInformer.onChange(({ key, current }) => {
    if (current === true) missing.delete(key);
    check();
  });
  const accounts = new Informer<ServiceAccount, true>({
    client,
    type: SERVICE_ACCOUNTS,
    clock,
    logger,
    namespace: "default",
    fieldSelector: "metadata.name=default",
    project: () => true,
  });
  accounts.onChange(() => {
    hasAccount = true;
    check();
  });
  if (nodes.length > 0) nodeInformer.start(either);
  if (!hasAccount) accounts.start(either);
  check();
  try {
    await promise;
  } finally {
    done.abort(new Error("seen"));
  }
}

/** Whether pods are put on a node: it is Ready, and it was seen to be. Pure. */
export function takesPods(node: Node): boolean {
  return isReady(node) && !(node.spec?.taints ?? []).some(({ key }) => key === NOT_READY);
}

/** Whether a node says that it is Ready. Pure. */
export function isReady(node: Node): boolean {
  return (node.status?.conditions ?? [])
    .some(({ type, status }) => type === "Ready" && status === "True");
}
