import type { Random } from "../../components/base/mod.ts";

/** One thing that must hold however often and in whatever order it is tried. */
export interface SoakTask {
  readonly name: string;
  /** One round, a few seconds long. Throws where something does not hold; else says what it did. */
  run(random: Random): Promise<string>;
  /** Removes what it keeps from round to round. */
  end?(): Promise<void>;
}
