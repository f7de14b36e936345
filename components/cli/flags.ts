/** What a flag takes. */
export type FlagKind = "text" | "number" | "boolean";

export interface Flag {
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  readonly kind: FlagKind;
  readonly help: string;
  /** What the help calls the value. */
  readonly value?: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
}

/** A command line that cannot be understood; its message is what kubectl would say. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Flags and words of one command line. Every flag is optional, and at most the last value of one counts. */
export class ParsedFlags {
  readonly #values: ReadonlyMap<string, string>;
  readonly args: readonly string[];

  constructor(values: ReadonlyMap<string, string>, args: readonly string[]) {
    this.#values = values;
    this.args = args;
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : Number(value);
  }

  /** A boolean flag; false when it was not given. */
  is(name: string): boolean {
    return this.#values.get(name) === "true";
  }
}

/**
 * Reads `--name value`, `--name=value`, `--switch`, `--switch=false`, `-n value`, `-nvalue` and words in any order;
 * `--` ends the flags. Throws `UsageError` for everything else. Pure.
 */
export function parseFlags(flags: readonly Flag[], argv: readonly string[]): ParsedFlags {
  const values = new Map<string, string>();
  const args: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      args.push(...rest.splice(0));
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const flag = flags.find((each) => each.name === name);
      if (flag === undefined) throw new UsageError(`unknown flag: --${name}`);
      take(flag, `--${name}`, equals < 0 ? undefined : word.slice(equals + 1));
    } else if (word.startsWith("-") && word.length > 1) {
      const letter = word.slice(1, 2);
      const flag = flags.find((each) => each.short === letter);
      if (flag === undefined) {
        throw new UsageError(`unknown shorthand flag: '${letter}' in ${word}`);
      }
      const attached = word.slice(word.charAt(2) === "=" ? 3 : 2);
      take(flag, `-${letter}`, word.length === 2 ? undefined : attached);
    } else {
      args.push(word);
    }
  }
  return new ParsedFlags(values, args);

  function take(flag: Flag, written: string, attached: string | undefined): void {
    const value = attached ?? (flag.kind === "boolean" ? "true" : rest.shift());
    if (value === undefined) {
      throw new UsageError(
        written.startsWith("--")
          ? `flag needs an argument: ${written}`
          : `flag needs an argument: '${flag.short}' in ${written}`,
      );
    }
    const wrong = problem(flag, value);
    if (wrong !== undefined) {
      const named = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
      throw new UsageError(
        `invalid argument ${JSON.stringify(value)} for "${named}" flag: ${wrong}`,
      );
    }
    values.set(flag.name, value);
  }
}

function problem(flag: Flag, value: string): string | undefined {
  if (flag.kind === "boolean" && value !== "true" && value !== "false") {
    return "must be true or false";
  }
  if (flag.kind === "number" && (value === "" || !Number.isSafeInteger(Number(value)))) {
    return "must be a whole number";
  }
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    return `must be ${flag.choices.join(" or ")}`;
  }
  return undefined;
}

/** The flags of a command as its help lists them. Pure. */
export function flagHelp(flags: readonly Flag[]): string {
  const rows = flags.map((flag) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    const value = flag.kind === "boolean" ? "" : ` ${flag.value ?? flag.kind.toUpperCase()}`;
    return [`  ${short}--${flag.name}${value}`, flag.help] as const;
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `${left.padEnd(width)}   ${help}`).join("\n");
}
