import type { Flag, ParsedFlags } from "./flags.ts";

/** Where a command reads and writes: the only way it speaks to its user. */
export interface Terminal {
  /** A line of the answer. */
  print(line: string): void;
  /** A line about what is going on, or wrong. */
  tell(line: string): void;
  environment(name: string): string | undefined;
  readonly uid: number | null;
  /** Aborts when the user or the system asks the program to end. */
  readonly signal: AbortSignal;
}

/** One command of `coracle`: a file each. */
export interface Command {
  readonly name: string;
  /** What follows the name, as the help shows it. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Answers the exit code. Throws `UsageError` and `StartError` for what the user can mend. */
  run(flags: ParsedFlags, terminal: Terminal): Promise<number>;
}

export const OUTPUT_FLAG: Flag = {
  name: "output",
  short: "o",
  kind: "text",
  value: "FORMAT",
  choices: ["text", "json"],
  help: "how the answer is written: text or json",
};

export const DATA_FLAG: Flag = {
  name: "data-dir",
  kind: "text",
  value: "DIR",
  help: "where the cluster lies",
};
