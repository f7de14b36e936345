import { examineMachine } from "../cluster/mod.ts";
import { type Command, OUTPUT_FLAG } from "./command.ts";

/** `coracle doctor`: what this machine lacks, and what mends it. */
export const doctor: Command = {
  name: "doctor",
  usage: "[flags]",
  summary: "say what this machine lacks, and what mends it",
  flags: [OUTPUT_FLAG],
  async run(flags, terminal) {
    const findings = await examineMachine(terminal.uid);
    if (flags.text("output") === "json") terminal.print(JSON.stringify(findings));
    else {
      for (const { name, isFine, text } of findings) {
        terminal.print(`${isFine ? "ok  " : "lack"}  ${name.padEnd(9)} ${text}`);
      }
    }
    return findings.every(({ isFine }) => isFine) ? 0 : 1;
  },
};
