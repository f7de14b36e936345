import type { Client } from "../../client/mod.ts";
import type { Pki } from "../../pki/mod.ts";
import type { ClusterNetwork } from "../network.ts";
import { lazyRole, type Role, type RoleOptions } from "./role.ts";

export interface ControllerManagerRoleOptions extends RoleOptions {
  readonly network: ClusterNetwork;
  /** Hands out the root certificate and signs; without it nothing is signed. */
  readonly pki?: Pki;
  /** PEM for kube-root-ca.crt where there is no `pki`. */
  readonly rootCa?: string;
  /** As `--controllers`. */
  readonly controllers?: readonly string[];
  /** Gives each controller a client of its own; without it all share that of `connection`. */
  readonly clientFor?: (controller: string) => Client;
}

/** kube-controller-manager over a connection. */
export function controllerManagerRole(options: ControllerManagerRoleOptions): Role {
  return lazyRole("kube-controller-manager", () => startRole(options));
}

async function startRole(options: ControllerManagerRoleOptions): Promise<Role> {
  const { startControllerManager } = await import("../../controller-manager/mod.ts");
  const { clock, connection, controllers, logger, network, pki, random } = options;
  const rootCa = pki?.authority.certificate ?? options.rootCa;
  const manager = startControllerManager({
    client: connection.client,
    clock,
    random,
    logger,
    clusterCidrs: network.clusterCidrs,
    serviceCidrs: network.serviceCidrs,
    ...(controllers === undefined ? {} : { controllers }),
    ...(options.clientFor === undefined ? {} : { clientFor: options.clientFor }),
    ...(rootCa === undefined ? {} : { rootCa }),
    ...(pki === undefined
      ? {}
      : { serviceAccountKeys: pki.serviceAccountKeys, signingAuthority: pki.authority }),
  });
  logger.info("controllers started", { controllers: manager.controllers });
  return {
    name: "kube-controller-manager",
    ready: Promise.resolve(),
    end: () => manager.end(),
  };
}
