import type { Clock } from "../../base/mod.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import { ensureApiServices } from "./api_services.ts";
import { Ensurer } from "./ensure.ts";
import { ensureFlowControl } from "./flow_control.ts";
import { type ApiServerEndpoint, ensureKubernetesService } from "./kubernetes_service.ts";
import { ensureRoles } from "./roles.ts";
import {
  type AuthenticationInfo,
  ensureAuthenticationInfo,
  ensureNamespaces,
  ensurePriorityClasses,
  ensureServiceCidr,
} from "./system_objects.ts";

/** A cluster's first objects depend on how the server is reached and whom it trusts. */
export interface BootstrapOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly endpoint: ApiServerEndpoint;
  readonly serviceCidrs: readonly string[];
  /** Whether other servers may be starting on the same store. */
  readonly shared?: boolean;
  readonly authentication: AuthenticationInfo;
  /** The group versions that this server answers itself, perhaps several times; none where APIServices are not served. */
  readonly localVersions: readonly { readonly group: string; readonly version: string }[];
}

/** One part of what must exist; `name` is that of the readiness check `poststarthook/<name>`. */
export interface BootstrapStep {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * What must exist before the server is ready, in parts that may run at once. Every part may be repeated. The
 * namespaces are not among them: they come first (`bootstrapCluster` sees to that).
 */
export function bootstrapSteps(options: BootstrapOptions): BootstrapStep[] {
  const { reader, writer, clock } = options;
  const ensurer = new Ensurer(reader, writer, options.shared ? clock : undefined);
  return [
    { name: "rbac/bootstrap-roles", run: () => ensureRoles(ensurer) },
    {
      name: "start-kubernetes-service-controller",
      run: () => ensureKubernetesService(ensurer, options.endpoint),
    },
    {
      name: "scheduling/bootstrap-system-priority-classes",
      run: () => ensurePriorityClasses(ensurer),
    },
    {
      name: "priority-and-fairness-config-producer",
      run: () => ensureFlowControl(ensurer),
    },
    {
      name: "start-cluster-authentication-info-controller",
      run: () => ensureAuthenticationInfo(ensurer, options.authentication, clock),
    },
    {
      name: "default-servicecidr-controller",
      run: () => ensureServiceCidr(ensurer, options.serviceCidrs, clock),
    },
    {
      name: "apiservice-registration-controller",
      run: () => ensureApiServices(ensurer, options.localVersions, clock),
    },
  ];
}

/**
 * Makes everything that must exist. The namespaces come first, because nothing is created in one that does not
 * exist; then all parts at once, so that their writes share commits. `done` hears of each part as it is finished.
 */
export async function bootstrapCluster(
  options: BootstrapOptions,
  done: (step: string) => void = () => {},
): Promise<void> {
  await ensureNamespaces(new Ensurer(options.reader, options.writer));
  await options.reader.fresh("", "namespaces");
  done("start-system-namespaces-controller");
  await Promise.all(
    bootstrapSteps(options).map(async (step) => {
      await step.run();
      done(step.name);
    }),
  );
}
