import { processorSeconds, residentMegabytes } from "../processes.ts";

/** What the server's processes use, where they are on this machine and known. */
export class ServerProcess {
  constructor(readonly pid: number | undefined) {}

  /** Resident memory in MB. */
  async resident(): Promise<number | undefined> {
    return this.pid === undefined ? undefined : await residentMegabytes(this.pid);
  }

  /** What `work` answers, and how many seconds of processor time passed in the server meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<[T, number | undefined]> {
    if (this.pid === undefined) return [await work(), undefined];
    const before = await processorSeconds(this.pid);
    const result = await work();
    return [result, await processorSeconds(this.pid) - before];
  }
}
