import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
} from "../../api/served.ts";
import { flowSchemas, priorityLevels } from "../bootstrap/flow_control.ts";
import type { QueueShape } from "./fair_queues.ts";

/** A priority level as it is configured, its shares as seats. */
export interface LevelPlan {
  readonly name: string;
  readonly uid: string;
  readonly exempt: boolean;
  /** Seats by its shares alone. */
  readonly nominal: number;
  /** What is left when as much is lent as may be. */
  readonly minimum: number;
  /** What it has with all that it may borrow. */
  readonly maximum: number;
  /** Absent where who finds no seat is turned away. */
  readonly queues?: QueueShape;
}

export interface SchemaPlan {
  readonly name: string;
  readonly uid: string;
  readonly level: string;
  readonly distinguisher: "" | "ByUser" | "ByNamespace";
  readonly rules: readonly PolicyRulesWithSubjects[];
}

export interface FairnessPlan {
  readonly levels: ReadonlyMap<string, LevelPlan>;
  /** In the order in which they are tried. */
  readonly schemas: readonly SchemaPlan[];
}

/** Without these no request could be classified: while they are missing, their first form holds. */
export const MANDATORY = ["exempt", "catch-all"] as const;
const DEFAULT_SHARES = 30;
/** Upstream's validation has no more; what is stored may be older than it. */
const HAND_MAXIMUM = 64;

/** What the objects ask for, on a server that answers `seats` requests at once. Pure. */
export function planFairness(
  schemas: readonly FlowSchema[],
  levels: readonly PriorityLevelConfiguration[],
  seats: number,
): FairnessPlan {
  const allLevels = completed(levels, priorityLevels());
  const shares = allLevels.map(sharesOf);
  const sum = shares.reduce((a, b) => a + b, 0);
  const plans = new Map<string, LevelPlan>();
  allLevels.forEach((level, i) => {
    const plan = levelPlan(level, sum > 0 ? Math.ceil(seats * (shares[i] ?? 0) / sum) : 0, seats);
    plans.set(plan.name, plan);
  });
  const ordered = completed(schemas, flowSchemas())
    .filter(({ spec }) => plans.has(spec?.priorityLevelConfiguration?.name ?? ""))
    .sort((a, b) =>
      (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) ||
      ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1)
    );
  return { levels: plans, schemas: ordered.map(schemaPlan) };
}

function completed<T extends { metadata?: { name?: string } }>(
  objects: readonly T[],
  first: readonly T[],
): T[] {
  const missing = MANDATORY.filter((name) =>
    !objects.some(({ metadata }) => metadata?.name === name)
  );
  return [
    ...objects,
    ...first.filter(({ metadata }) => missing.some((name) => name === metadata?.name)),
  ];
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  return spec?.type === "Exempt"
    ? spec.exempt?.nominalConcurrencyShares ?? 0
    : spec?.limited?.nominalConcurrencyShares ?? DEFAULT_SHARES;
}

function levelPlan(
  { metadata, spec }: PriorityLevelConfiguration,
  nominal: number,
  seats: number,
): LevelPlan {
  const exempt = spec?.type === "Exempt";
  const { lendablePercent = 0 } = (exempt ? spec.exempt : spec?.limited) ?? {};
  const borrowing = exempt ? undefined : spec?.limited?.borrowingLimitPercent;
  const { type, queuing } = spec?.limited?.limitResponse ?? {};
  const plan = {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    exempt,
    nominal,
    minimum: nominal - Math.round(nominal * lendablePercent / 100),
    maximum: nominal + (borrowing === undefined ? seats : Math.round(nominal * borrowing / 100)),
  };
  if (exempt || type !== "Queue" || queuing === undefined) return plan;
  const queues = Math.max(1, queuing.queues ?? 64);
  return {
    ...plan,
    queues: {
      queues,
      handSize: Math.max(1, Math.min(queuing.handSize ?? 8, queues, HAND_MAXIMUM)),
      lengthLimit: Math.max(1, queuing.queueLengthLimit ?? 50),
    },
  };
}

function schemaPlan({ metadata, spec }: FlowSchema): SchemaPlan {
  const type = spec?.distinguisherMethod?.type;
  return {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    level: spec?.priorityLevelConfiguration?.name ?? "",
    distinguisher: type === "ByUser" || type === "ByNamespace" ? type : "",
    rules: spec?.rules ?? [],
  };
}
