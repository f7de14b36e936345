import { type Namespace, NAMESPACES, SERVICE_ACCOUNTS } from "../api/mod.ts";
import { splitKey } from "../reconcile/mod.ts";
import { type Controller, runLoop } from "./controller.ts";
import { isLiveNamespace } from "./namespace/plan.ts";

const NAME = "default";

/** True where a namespace has to get its ServiceAccount `default`. */
export function lacksServiceAccount(namespace: Namespace | undefined, exists: boolean): boolean {
  return !exists && isLiveNamespace(namespace);
}

/** Keeps a ServiceAccount `default` in every namespace: without it no pod is admitted there. */
export const serviceAccountController: Controller = {
  name: "serviceaccount-controller",
  aliases: ["serviceaccount"],
  start(context) {
    const namespaces = context.informers.of(NAMESPACES);
    const accounts = context.informers.of(SERVICE_ACCOUNTS);
    const loop = runLoop(context, {
      name: "serviceaccount",
      needs: [namespaces, accounts],
      workers: 4,
      reconcile: async (name) => {
        const exists = accounts.get(`${name}/${NAME}`) !== undefined;
        if (!lacksServiceAccount(namespaces.get(name), exists)) return;
        await context.client.create(SERVICE_ACCOUNTS, {
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata: { name: NAME, namespace: name },
        });
      },
    });
    namespaces.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    accounts.onChange(({ key, current }) => {
      const { namespace, name } = splitKey(key);
      if (current === undefined && name === NAME) loop.queue.add(namespace);
    });
    return loop;
  },
};
