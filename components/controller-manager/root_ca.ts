import { CONFIG_MAPS, type ConfigMap, type Namespace, NAMESPACES } from "../api/mod.ts";
import { splitKey } from "../reconcile/mod.ts";
import { type Controller, runLoop } from "./controller.ts";
import { isLiveNamespace } from "./namespace/plan.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION = "kubernetes.io/description";
const TEXT =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export type RootCaPlan = { readonly kind: "none" } | {
  readonly kind: "create" | "update";
  readonly map: ConfigMap;
};

/** What to write so that a namespace's ConfigMap holds exactly the cluster's root certificate. */
export function planRootCa(
  namespace: Namespace | undefined,
  existing: ConfigMap | undefined,
  rootCa: string,
): RootCaPlan {
  if (!isLiveNamespace(namespace)) return { kind: "none" };
  const data = { "ca.crt": rootCa };
  if (existing === undefined) {
    const metadata = {
      name: NAME,
      namespace: namespace!.metadata?.name ?? "",
      annotations: { [DESCRIPTION]: TEXT },
    };
    return {
      kind: "create",
      map: { apiVersion: "v1", kind: "ConfigMap", metadata, data },
    };
  }
  const same = existing.data?.["ca.crt"] === rootCa && Object.keys(existing.data).length === 1 &&
    existing.metadata?.annotations?.[DESCRIPTION] !== undefined;
  if (same) return { kind: "none" };
  const annotations = { ...existing.metadata?.annotations, [DESCRIPTION]: TEXT };
  return {
    kind: "update",
    map: { ...existing, metadata: { ...existing.metadata, annotations }, data },
  };
}

/** Puts the cluster's root certificate into every namespace: projected token volumes mount it. */
export const rootCaController: Controller = {
  name: "root-ca-certificate-publisher-controller",
  aliases: ["root-ca-cert-publisher"],
  start(context) {
    const { rootCa } = context.options;
    if (rootCa === undefined) return undefined;
    const namespaces = context.informers.of(NAMESPACES);
    const maps = context.informers.of(CONFIG_MAPS, { fieldSelector: `metadata.name=${NAME}` });
    const loop = runLoop(context, {
      name: "root-ca",
      needs: [namespaces, maps],
      workers: 4,
      reconcile: async (name) => {
        const plan = planRootCa(namespaces.get(name), maps.get(`${name}/${NAME}`), rootCa);
        if (plan.kind === "create") await context.client.create(CONFIG_MAPS, plan.map);
        if (plan.kind === "update") await context.client.update(CONFIG_MAPS, plan.map);
      },
    });
    namespaces.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    maps.onChange(({ key }) => loop.queue.add(splitKey(key).namespace));
    return loop;
  },
};
