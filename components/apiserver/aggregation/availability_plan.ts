import type { Condition, EndpointSlice, Service } from "../../api/served.ts";
import type { RemoteService } from "./remote_service.ts";

/** Whether an API is available, before it is asked itself. */
export type Judgement = Pick<Condition, "status" | "reason" | "message">;

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** What stands against a server behind this one by what is known of its Service. Pure. */
export function judgeService(
  { service: { namespace, name, port } }: RemoteService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Judgement | undefined {
  const unavailable = (reason: string, message: string): Judgement => ({
    status: "False",
    reason,
    message,
  });
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  if (service === undefined) return unavailable("ServiceNotFound", `${where} is not present`);
  // What other types lead to is not known by endpoints.
  if ((service.spec?.type ?? "ClusterIP") !== "ClusterIP") return undefined;
  const found = (service.spec?.ports ?? []).find((each) => each.port === port);
  if (found === undefined) {
    return unavailable("ServicePortError", `${where} is not listening on port ${port}`);
  }
  const own = slices.filter(({ metadata }) => metadata?.labels?.[SERVICE_NAME_LABEL] === name);
  if (own.length === 0) {
    return unavailable("EndpointsNotFound", `cannot find endpointslices for ${where}`);
  }
  const portName = found.name ?? "";
  const active = own.some(({ ports, endpoints }) =>
    ports?.some((each) => (each.name ?? "") === portName) === true &&
    endpoints?.some(({ conditions }) => conditions?.ready !== false) === true
  );
  if (active) return undefined;
  return unavailable(
    "MissingEndpoints",
    `endpoints for ${where} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

export const PASSED: Judgement = {
  status: "True",
  reason: "Passed",
  message: "all checks passed",
};

export const failedCheck = (message: string): Judgement => ({
  status: "False",
  reason: "FailedDiscoveryCheck",
  message,
});
