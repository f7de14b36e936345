/** Linux's signals on the architectures we run on, in order from 1. */
const NAMES = [
  ..."HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT".split(" "),
  ..."CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(" "),
];
const FIRST_REALTIME = 34;
const LAST_REALTIME = 64;

/** The number of `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3` or `SIGRTMAX-1`; undefined for what is none. Pure. */
export function signalNumber(name: string): number | undefined {
  const number = Number(name);
  if (Number.isInteger(number) && number > 0 && number <= LAST_REALTIME) return number;
  const short = name.toUpperCase().replace(/^SIG/, "");
  const index = NAMES.indexOf(short);
  if (index >= 0) return index + 1;
  for (
    const [word, base, sign] of [
      ["RTMIN", FIRST_REALTIME, 1],
      ["RTMAX", LAST_REALTIME, -1],
    ] as const
  ) {
    if (short === word) return base;
    const offset = Number(short.slice(word.length + 1));
    const mark = sign > 0 ? "+" : "-";
    if (short.startsWith(word + mark) && Number.isInteger(offset) && offset >= 0) {
      const value = base + sign * offset;
      return value >= FIRST_REALTIME && value <= LAST_REALTIME ? value : undefined;
    }
  }
  return undefined;
}
