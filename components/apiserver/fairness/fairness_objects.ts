import { type Clock, type Logger, type Timer, timestamp } from "../../base/mod.ts";
import {
  FLOW_SCHEMAS,
  type FlowSchema,
  type FlowSchemaCondition,
  PRIORITY_LEVEL_CONFIGURATIONS,
  type PriorityLevelConfiguration,
} from "../../api/served.ts";
import { ensureFlowControl, Ensurer } from "../bootstrap/mod.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";
import type { PriorityAndFairness } from "./priority_and_fairness.ts";

/** How often the first objects are looked after. */
const MAINTENANCE_MILLISECONDS = 60_000;
const GROUP = FLOW_SCHEMAS.group;

export interface FairnessObjectsOptions {
  readonly fairness: PriorityAndFairness;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Has flow control follow its objects, says in a schema's status whether its level exists, and keeps the first objects
 * right. Start it when the caches are ready; the result ends it.
 */
export function followFairnessObjects(options: FairnessObjectsOptions): () => void {
  const { fairness, reader, writer, clock, logger } = options;
  const ensurer = new Ensurer(reader, writer);
  let timer: Timer | undefined;
  let due = false;
  let running = false;
  let ended = false;

  const schemas = () => reader.list<FlowSchema>(GROUP, FLOW_SCHEMAS.resource);
  const levels = () =>
    reader.list<PriorityLevelConfiguration>(GROUP, PRIORITY_LEVEL_CONFIGURATIONS.resource);

  /** Many changes of one turn are one. */
  function changed(): void {
    if (due || ended) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      if (ended) return;
      fairness.configure(schemas(), levels());
      void writeStatuses();
    });
  }

  async function writeStatuses(): Promise<void> {
    if (running) return;
    running = true;
    try {
      for (let again = true; again && !ended;) {
        const names = new Set(levels().map(({ metadata }) => metadata?.name ?? ""));
        const wrong = schemas().filter((schema) =>
          withCondition(schema, names, clock.now()) !== undefined
        );
        for (const { metadata } of wrong) {
          await ensurer.ensureStatus(
            FLOW_SCHEMAS,
            metadata?.name ?? "",
            (schema) => withCondition(schema, names, clock.now()),
          );
        }
        again = wrong.length > 0;
        if (again) await reader.fresh(GROUP, FLOW_SCHEMAS.resource);
      }
    } catch (error) {
      if (!ended) logger.warn("a flow schema's status was not written", { error });
    } finally {
      running = false;
    }
  }

  function maintainLater(): void {
    timer = clock.after(MAINTENANCE_MILLISECONDS, async () => {
      try {
        await ensureFlowControl(ensurer);
        await writeStatuses();
      } catch (error) {
        if (!ended) logger.warn("flow control's first objects were not mended", { error });
      }
      if (!ended) maintainLater();
    });
  }

  const ends = [FLOW_SCHEMAS, PRIORITY_LEVEL_CONFIGURATIONS].map(({ group, resource }) =>
    reader.onChange(group, resource, changed)
  );
  changed();
  maintainLater();
  return () => {
    ended = true;
    timer?.cancel();
    for (const end of ends) end();
  };
}

/** The schema with the condition that says whether its level exists; undefined where it says so already. Pure. */
export function withCondition(
  schema: FlowSchema,
  levels: ReadonlySet<string>,
  now: number,
): FlowSchema | undefined {
  const level = schema.spec?.priorityLevelConfiguration?.name ?? "";
  const exists = levels.has(level);
  const status = exists ? "False" : "True";
  const subject = "This FlowSchema references the PriorityLevelConfiguration object named " +
    JSON.stringify(level);
  const message = `${subject} ${exists ? "and it exists" : "but there is no such object"}`;
  const conditions = schema.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === "Dangling");
  if (old?.status === status && old.message === message) return undefined;
  const condition: FlowSchemaCondition = {
    type: "Dangling",
    status,
    lastTransitionTime: old?.status === status && old.lastTransitionTime !== undefined
      ? old.lastTransitionTime
      : timestamp(now),
    reason: exists ? "Found" : "NotFound",
    message,
  };
  return {
    ...schema,
    status: {
      ...schema.status,
      conditions: [...conditions.filter(({ type }) => type !== "Dangling"), condition],
    },
  };
}
