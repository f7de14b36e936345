import type { Clock } from "../../base/mod.ts";
import type { StatusResponse } from "./messages.ts";
import { allTellProgress } from "./progress_trust.ts";

const REFRESH_MILLISECONDS = 60_000;

/** What the members of a cluster said of themselves last; asked again now and then, because members are replaced. */
export class MemberStatuses {
  #statuses: readonly (StatusResponse | undefined)[] = [undefined];
  #asked: number | undefined;

  constructor(
    readonly clock: Clock,
    readonly ask: () => Promise<readonly (StatusResponse | undefined)[]>,
  ) {}

  /** Whether every member's word for its progress can be trusted. */
  get tellProgress(): boolean {
    this.#keepFresh();
    return allTellProgress(this.#statuses);
  }

  /** The largest of the members' databases; 0 as long as none is known. */
  get databaseBytes(): number {
    this.#keepFresh();
    return Math.max(...this.#statuses.map((status) => status?.databaseBytes ?? 0));
  }

  async refresh(): Promise<void> {
    this.#asked = this.clock.monotonic();
    try {
      this.#statuses = await this.ask();
    } catch {
      this.#statuses = [undefined];
    }
  }

  #keepFresh(): void {
    const now = this.clock.monotonic();
    if (this.#asked === undefined || now - this.#asked > REFRESH_MILLISECONDS) void this.refresh();
  }
}
