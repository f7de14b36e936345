import { ApiError } from "../base/mod.ts";
import { plainMessage, StartError } from "../cluster/mod.ts";
import type { Command, Terminal } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { type Flag, flagHelp, parseFlags, UsageError } from "./flags.ts";

const HELP_FLAG: Flag = { name: "help", short: "h", kind: "boolean", help: "show this help" };

/** Runs one command line and answers its exit code. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "help", ...rest] = argv;
  if (name === "help" || name === "--help" || name === "-h") {
    const about = COMMANDS.find((command) => command.name === rest[0]);
    terminal.print(about === undefined ? overview() : commandHelp(about));
    return 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    const what = name.startsWith("-") ? `unknown flag: ${name}` : unknownCommand(name);
    terminal.tell(`Error: ${what}`);
    terminal.tell("Run 'coracle --help' for usage.");
    return 1;
  }
  try {
    const flags = parseFlags([...command.flags, HELP_FLAG], rest);
    if (flags.is("help")) {
      terminal.print(commandHelp(command));
      return 0;
    }
    return await command.run(flags, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.tell(`Error: ${error.message}`);
      terminal.tell(`See 'coracle ${command.name} --help' for usage.`);
    } else if (error instanceof StartError || error instanceof ApiError) {
      terminal.tell(`Error: ${plainMessage(error)}`);
    } else {
      // A bug of ours: whoever reports it needs to see where.
      terminal.tell(error instanceof Error ? error.stack ?? error.message : String(error));
      terminal.tell(`Error: ${plainMessage(error)}`);
    }
    return 1;
  }
}

function unknownCommand(name: string): string {
  return `unknown command ${JSON.stringify(name)} for "coracle"`;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`);
  return [
    "Coracle: a Kubernetes cluster that one person can carry.",
    "",
    "Usage: coracle COMMAND [flags]",
    "",
    ...rows,
    "",
    "Run 'coracle COMMAND --help' for a command's flags.",
  ].join("\n");
}

function commandHelp({ name, usage, summary, flags }: Command): string {
  return [
    `coracle ${name}: ${summary}`,
    "",
    `Usage: coracle ${name} ${usage}`,
    "",
    flagHelp([...flags, HELP_FLAG]),
  ].join("\n");
}
