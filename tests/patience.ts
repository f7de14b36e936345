import process from "node:process";

/** By the clock, how many times its length a deadline may take on a machine that others keep busy. */
const CROWDED = 12;
const LOOK_MILLISECONDS = 250;

export interface Patience {
  /** Rejects when the time is over. */
  readonly late: Promise<never>;
  end(): void;
}

/**
 * A deadline for something that this process does. Time in which the machine let others compute does not count: it is
 * over when so much has passed by the clock and this process has also computed for as long, or at last after twelve
 * times as long, for what waits without computing.
 */
export function patience(milliseconds: number, message: () => string): Patience {
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => {});
  const started = performance.now();
  const computed = process.cpuUsage();
  const timer = setInterval(() => {
    const passed = performance.now() - started;
    if (passed < milliseconds) return;
    const { user, system } = process.cpuUsage(computed);
    const own = (user + system) / 1000;
    if (own < milliseconds && passed < CROWDED * milliseconds) return;
    clearInterval(timer);
    reject(new Error(message()));
  }, LOOK_MILLISECONDS);
  return { late, end: () => clearInterval(timer) };
}
