import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { explain } from "./explain.ts";
import { image } from "./image.ts";
import { logs } from "./logs.ts";
import { node } from "./node.ts";
import { reset } from "./reset.ts";
import { apiserver } from "./roles/apiserver.ts";
import { controllerManager } from "./roles/controller_manager.ts";
import { dns } from "./roles/dns.ts";
import { kubelet } from "./roles/kubelet.ts";
import { proxy } from "./roles/proxy.ts";
import { scheduler } from "./roles/scheduler.ts";
import { status } from "./status.ts";
import { stop } from "./stop.ts";
import { up } from "./up.ts";
import { version } from "./version.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  up,
  status,
  logs,
  stop,
  reset,
  image,
  explain,
  doctor,
  version,
  apiserver,
  scheduler,
  controllerManager,
  kubelet,
  proxy,
  dns,
  node,
];
