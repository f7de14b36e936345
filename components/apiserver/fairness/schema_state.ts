import { dealHand } from "./shuffle_shard.ts";
import type { QueueShape } from "./fair_queues.ts";
import type { SchemaPlan } from "./fairness_plan.ts";
import type { LevelState } from "./level_state.ts";
import type { SchemaMeters } from "./fairness_metrics.ts";

/** Flows whose hands one schema remembers. */
const HANDS_MAXIMUM = 4096;

/** A flow schema at work. */
export class SchemaState {
  executing = 0;
  executingSeats = 0;
  waiting = 0;
  waitingSeats = 0;
  readonly #hands = new Map<string, readonly number[]>();

  constructor(
    public plan: SchemaPlan,
    public level: LevelState,
    readonly meters: SchemaMeters,
  ) {}

  /** Takes a new configuration; its level may have other queues now. */
  configure(plan: SchemaPlan, level: LevelState): void {
    this.plan = plan;
    this.level = level;
    this.#hands.clear();
  }

  hand(distinguisher: string, { queues, handSize }: QueueShape): readonly number[] {
    let hand = this.#hands.get(distinguisher);
    if (hand === undefined) {
      hand = dealHand(this.plan.name, distinguisher, queues, handSize);
      if (this.#hands.size >= HANDS_MAXIMUM) this.#hands.clear();
      this.#hands.set(distinguisher, hand);
    }
    return hand;
  }
}
