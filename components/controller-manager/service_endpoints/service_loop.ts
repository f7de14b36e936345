import { type Pod, type Service, SERVICES } from "../../api/mod.ts";
import { type ControlLoop, type Informer, objectKey } from "../../reconcile/mod.ts";
import { type ControllerContext, runLoop } from "../controller.ts";
import { BY_NAMESPACE } from "../informers.ts";
import { mapSelectorOf } from "../selectors.ts";
import { endpointFacts } from "./pod_endpoint.ts";

/** Changes that follow one another closer than this are written together; the first is written at once. */
const BATCH_MILLISECONDS = 1000;

export interface ServiceLoopOptions {
  readonly name: string;
  readonly needs: readonly { synced(): Promise<void> }[];
  reconcile(key: string, service: Service | undefined, pods: () => Pod[]): Promise<void>;
}

/** A loop over services that also runs for the services that a changed pod belongs to. */
export function runServiceLoop(
  context: ControllerContext,
  options: ServiceLoopOptions,
): ControlLoop {
  const services = context.informers.of(SERVICES);
  const pods = context.informers.pods();
  const written = new Map<string, number>();
  const loop = runLoop(context, {
    name: options.name,
    needs: [services, pods, ...options.needs],
    workers: 5,
    retry: { initialMilliseconds: 50, maximumMilliseconds: 1_000_000 },
    reconcile: async (key) => {
      const service = services.get(key);
      if (service === undefined) written.delete(key);
      else written.set(key, context.clock.monotonic());
      await options.reconcile(key, service, () => selectedPods(service, pods));
    },
  });
  services.onChange(({ key }) => loop.queue.add(key));
  pods.onChange(({ current, previous }) => {
    if (endpointFacts(current) === endpointFacts(previous)) return;
    const keys = new Set([...servicesOf(current, services), ...servicesOf(previous, services)]);
    for (const key of keys) {
      const since = context.clock.monotonic() - (written.get(key) ?? -Infinity);
      loop.queue.addAfter(key, BATCH_MILLISECONDS - since);
    }
  });
  return loop;
}

function* servicesOf(pod: Pod | undefined, services: Informer<Service>): Iterable<string> {
  if (pod === undefined) return;
  for (const service of services.byIndex(BY_NAMESPACE, pod.metadata?.namespace ?? "")) {
    if (mapSelectorOf(service).matches(pod.metadata?.labels)) yield objectKey(service);
  }
}

function selectedPods(service: Service | undefined, pods: Informer<Pod>): Pod[] {
  if (service === undefined) return [];
  const selector = mapSelectorOf(service);
  return pods.byIndex(BY_NAMESPACE, service.metadata?.namespace ?? "")
    .filter((pod) => selector.matches(pod.metadata?.labels));
}
