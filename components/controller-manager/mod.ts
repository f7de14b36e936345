/** kube-controller-manager: the loops that bring the cluster to what its objects ask for. */
export { chooseControllers, type ControllerManager, startControllerManager } from "./manager.ts";
export type { ControllerManagerOptions } from "./options.ts";
