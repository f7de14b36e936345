import type { Command } from "./command.ts";
import { logs } from "./logs.ts";
import { node } from "./node.ts";
import { reset } from "./reset.ts";
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
  version,
  node,
];
