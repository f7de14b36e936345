import type { Service } from "../../api/served.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { isFor, isPodCreate, podOf, rejected } from "./target.ts";

const HOSTNAME = "kubernetes.io/hostname";

/** No Service takes addresses that it did not have before: who may write Services could else catch others' traffic. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: "DenyServiceExternalIPs",
  handles: (request) =>
    (request.operation === "CREATE" || request.operation === "UPDATE") &&
    isFor(request, "", "services"),
  validate(request) {
    const addressesOf = (service: unknown) => (service as Service | undefined)?.spec?.externalIPs;
    const known = new Set(addressesOf(request.oldObject));
    if ((addressesOf(request.object) ?? []).every((address) => known.has(address))) return;
    throw rejected(request, "Use of external IPs is denied by admission control");
  },
};

/** Pods keep others off a node at most, never off a zone. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: "LimitPodHardAntiAffinityTopology",
  handles: (request) =>
    (request.operation === "UPDATE" && isFor(request, "", "pods")) || isPodCreate(request),
  validate(request) {
    const affinity = podOf(request).spec?.affinity?.podAntiAffinity;
    const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const term = terms.find(({ topologyKey }) => topologyKey !== HOSTNAME);
    if (term === undefined) return;
    throw rejected(
      request,
      `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${term.topologyKey} but ` +
        `only key ${HOSTNAME} is allowed`,
    );
  },
};
