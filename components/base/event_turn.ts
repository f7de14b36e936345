import { setImmediate } from "node:timers";

/** Resolves when what the process has to do already, messages that have come among it, has had its turn. */
export const eventTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
