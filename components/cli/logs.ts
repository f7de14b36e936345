import { followLog, logComponents, logTail } from "../cluster/mod.ts";
import { type Command, DATA_FLAG, OUTPUT_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";
import { UsageError } from "./flags.ts";

const TAIL_LINES = 200;

/** `coracle logs`: what the components say. */
export const logs: Command = {
  name: "logs",
  usage: "[COMPONENT] [flags]",
  summary: "show a component's log; without one, say which there are",
  flags: [
    DATA_FLAG,
    { name: "follow", short: "f", kind: "boolean", help: "go on with what comes" },
    { name: "tail", kind: "number", value: "LINES", help: `how many lines back (${TAIL_LINES})` },
    OUTPUT_FLAG,
  ],
  async run(flags, terminal) {
    const layout = layoutOf(flags, terminal);
    const known = await logComponents(layout);
    const [component, ...more] = flags.args;
    if (more.length > 0) throw new UsageError(`unknown argument ${more[0]}`);
    if (component === undefined) {
      for (const name of known) terminal.print(name);
      return 0;
    }
    if (!known.includes(component)) {
      throw new UsageError(
        `no log of ${JSON.stringify(component)}; there are: ${known.join(", ")}`,
      );
    }
    const show = (line: string) =>
      terminal.print(flags.text("output") === "json" ? line : readable(line));
    const tail = Math.max(0, flags.number("tail") ?? TAIL_LINES);
    const end = await logTail(layout, component, tail, show);
    if (flags.is("follow")) await followLog(layout, component, end, show, terminal.signal);
    return 0;
  },
};

/** A line of a log as a person reads it: time, level, message, and the rest as `key=value`. Pure. */
export function readable(line: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line);
  } catch {
    return line;
  }
  const { time, level, message, ...rest } = fields;
  const tail = Object.entries(rest).map(([key, value]) =>
    `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
  );
  return [time, String(level).padEnd(5), message, ...tail].join(" ");
}
