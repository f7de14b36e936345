import { hasReason } from "../../base/mod.ts";
import { ENDPOINT_SLICES, ENDPOINTS, type EndpointSlice, NODES } from "../../api/mod.ts";
import type { Controller } from "../controller.ts";
import { BY_OWNER } from "../informers.ts";
import { Expectations } from "../expectations.ts";
import { eachOf } from "../slow_start.ts";
import { isNamespaceTerminating } from "../pod_template.ts";
import { planEndpoints } from "./endpoints_plan.ts";
import { followsPods } from "./pod_endpoint.ts";
import { runServiceLoop } from "./service_loop.ts";
import { MANAGED_BY, MANAGER, planSlices, SERVICE_NAME } from "./slice_plan.ts";

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** Keeps EndpointSlices of every service with a selector. */
export const endpointSliceController: Controller = {
  name: "endpointslice-controller",
  aliases: ["endpointslice"],
  start(context) {
    const { client, clock } = context;
    const nodes = context.informers.of(NODES);
    const serviceKey = (slice: EndpointSlice) =>
      `${slice.metadata?.namespace}/${slice.metadata?.labels?.[SERVICE_NAME] ?? ""}`;
    const slices = context.informers.of(ENDPOINT_SLICES);
    const isOurs = (slice: EndpointSlice) => slice.metadata?.labels?.[MANAGED_BY] === MANAGER;
    const expectations = new Expectations();
    const loop = runServiceLoop(context, {
      name: "endpointslice",
      needs: [nodes, slices],
      reconcile: async (key, service, pods) => {
        // A service that is gone takes its slices along by their owner.
        if (service === undefined) return expectations.forget(key);
        if (!followsPods(service) || service.metadata?.deletionTimestamp !== undefined) return;
        if (!expectations.met(key, slices, clock.now())) return;
        const plan = planSlices({
          service,
          pods: pods(),
          zoneOf: (node) => nodes.get(node)?.metadata?.labels?.[ZONE_LABEL],
          existing: slices.byIndex(BY_OWNER, service.metadata?.uid ?? "").filter(isOurs),
        });
        const wrote = (slice: EndpointSlice) => expectations.wrote(key, slice, clock.now());
        const created = await eachOf(plan.create, async (slice) => {
          wrote(await client.create<EndpointSlice>(ENDPOINT_SLICES, slice));
        });
        const updated = await eachOf(plan.update, async (slice) => {
          wrote(await client.update(ENDPOINT_SLICES, slice));
        });
        const removed = await eachOf(plan.remove, async (slice) => {
          const { name = "", namespace = "", uid = "" } = slice.metadata ?? {};
          await client.delete(ENDPOINT_SLICES, name, { namespace, uid });
          expectations.deleted(key, slice, clock.now());
        });
        const error = created.error ?? updated.error ?? removed.error;
        if (error !== undefined && !isNamespaceTerminating(error)) throw error;
      },
    });
    slices.onChange((change) => {
      const slice = change.current ?? change.previous;
      if (slice !== undefined && isOurs(slice)) loop.queue.add(serviceKey(slice));
    });
    nodes.onChange(({ key, current, previous }) => {
      const zone = (node: typeof current) => node?.metadata?.labels?.[ZONE_LABEL];
      if (zone(current) === zone(previous)) return;
      for (const slice of slices.list()) {
        if (isOurs(slice) && slice.endpoints?.some(({ nodeName }) => nodeName === key)) {
          loop.queue.add(serviceKey(slice));
        }
      }
    });
    return loop;
  },
};

/** Keeps the older Endpoints of every service with a selector. */
export const endpointsController: Controller = {
  name: "endpoints-controller",
  aliases: ["endpoint"],
  start(context) {
    const { client } = context;
    const endpoints = context.informers.of(ENDPOINTS);
    const loop = runServiceLoop(context, {
      name: "endpoints",
      needs: [endpoints],
      reconcile: async (key, service, pods) => {
        const existing = endpoints.get(key);
        if (service === undefined) {
          if (existing?.metadata?.labels?.["endpoints.kubernetes.io/managed-by"] === undefined) {
            return;
          }
          const { name = "", namespace = "", uid = "" } = existing.metadata;
          await client.delete(ENDPOINTS, name, { namespace, uid }).catch((error) => {
            if (!hasReason(error, "NotFound")) throw error;
          });
          return;
        }
        if (!followsPods(service)) return;
        const next = planEndpoints(service, pods(), existing);
        if (next === undefined) return;
        try {
          if (existing === undefined) await client.create(ENDPOINTS, next);
          else await client.update(ENDPOINTS, next);
        } catch (error) {
          if (!isNamespaceTerminating(error)) throw error;
        }
      },
    });
    endpoints.onChange(({ key }) => loop.queue.add(key));
    return loop;
  },
};
