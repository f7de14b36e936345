import { hasReason } from "../../base/mod.ts";
import { ENDPOINT_SLICES, ENDPOINTS, type EndpointSlice, SERVICES } from "../../api/mod.ts";
import { type Controller, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { BY_NAMESPACE } from "../informers.ts";
import { isNamespaceTerminating } from "../pod_template.ts";
import { eachOf } from "../slow_start.ts";
import { isMirrored, MIRROR_MANAGER, planMirror } from "./mirror_plan.ts";
import { MANAGED_BY, SERVICE_NAME } from "./slice_plan.ts";

/** Copies Endpoints that users keep for services without a selector into EndpointSlices. */
export const endpointSliceMirroringController: Controller = {
  name: "endpointslice-mirroring-controller",
  aliases: ["endpointslicemirroring"],
  start(context) {
    const { client, clock } = context;
    const services = context.informers.of(SERVICES);
    const endpoints = context.informers.of(ENDPOINTS);
    const slices = context.informers.of(ENDPOINT_SLICES);
    const expectations = new Expectations();
    const isOurs = (slice: EndpointSlice) =>
      slice.metadata?.labels?.[MANAGED_BY] === MIRROR_MANAGER;
    const nameOf = (slice: EndpointSlice) => slice.metadata?.labels?.[SERVICE_NAME] ?? "";
    const loop = runLoop(context, {
      name: "endpointslice-mirroring",
      needs: [services, endpoints, slices],
      workers: 5,
      retry: { initialMilliseconds: 1000, maximumMilliseconds: 100_000 },
      reconcile: async (key) => {
        if (!expectations.met(key, slices, clock.now())) return;
        const [namespace = "", name = ""] = key.split("/");
        const source = endpoints.get(key);
        const service = services.get(key);
        const existing = slices.byIndex(BY_NAMESPACE, namespace)
          .filter((slice) => isOurs(slice) && nameOf(slice) === name);
        const isByHand = service !== undefined && source !== undefined && isMirrored(source) &&
          Object.keys(service.spec?.selector ?? {}).length === 0;
        const plan = isByHand
          ? planMirror(source, existing)
          : { create: [], update: [], remove: existing };
        const wrote = (slice: EndpointSlice) => expectations.wrote(key, slice, clock.now());
        const created = await eachOf(plan.create, async (slice) => {
          wrote(await client.create<EndpointSlice>(ENDPOINT_SLICES, slice));
        });
        const updated = await eachOf(plan.update, async (slice) => {
          wrote(await client.update(ENDPOINT_SLICES, slice));
        });
        const removed = await eachOf(plan.remove, async (slice) => {
          const { name = "", uid = "" } = slice.metadata ?? {};
          await client.delete(ENDPOINT_SLICES, name, { namespace, uid }).catch((error) => {
            if (!hasReason(error, "NotFound")) throw error;
          });
          expectations.deleted(key, slice, clock.now());
        });
        const error = created.error ?? updated.error ?? removed.error;
        if (error !== undefined && !isNamespaceTerminating(error)) throw error;
      },
    });
    endpoints.onChange(({ key }) => loop.queue.add(key));
    services.onChange(({ key, current, previous }) => {
      if (current === undefined || previous === undefined) loop.queue.add(key);
    });
    slices.onChange(({ current, previous }) => {
      const slice = current ?? previous;
      if (slice === undefined || !isOurs(slice)) return;
      loop.queue.add(`${slice.metadata?.namespace}/${nameOf(slice)}`);
    });
    return loop;
  },
};
