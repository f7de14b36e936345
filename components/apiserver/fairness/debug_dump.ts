import { textResponse } from "../endpoints/endpoint.ts";
import type { LevelState } from "./level_state.ts";
import type { PriorityAndFairness } from "./priority_and_fairness.ts";

const NONE = "<none>";
const LEVEL_COLUMNS = [
  "PriorityLevelName",
  "ActiveQueues",
  "IsIdle",
  "IsQuiescing",
  "WaitingRequests",
  "ExecutingRequests",
  "DispatchedRequests",
  "RejectedRequests",
  "TimedoutRequests",
  "CancelledRequests",
];
const QUEUE_COLUMNS = [
  "PriorityLevelName",
  "Index",
  "PendingRequests",
  "ExecutingRequests",
  "SeatsInUse",
  "NextDispatchR",
  "InitialSeatsSum",
  "MaxSeatsSum",
  "TotalWorkSum",
];
const REQUEST_COLUMNS = [
  "PriorityLevelName",
  "FlowSchemaName",
  "QueueIndex",
  "RequestIndexInQueue",
  "FlowDistingsher",
  "ArriveTime",
  "InitialSeats",
  "FinalSeats",
  "AdditionalLatency",
];
const DETAIL_COLUMNS = [
  "UserName",
  "Verb",
  "APIPath",
  "Namespace",
  "Name",
  "APIVersion",
  "Resource",
  "SubResource",
];
/** What a request is taken to last, as in the queues. */
const GUESSED_MILLISECONDS = 3;

type Row = readonly (string | number | boolean)[];

/** `/debug/api_priority_and_fairness/dump_…`; undefined: no such dump. `wallOffset` turns monotonic into wall time. */
export function dumpFairness(
  fairness: PriorityAndFairness,
  what: string,
  query: URLSearchParams,
  wallOffset: number,
): Response | undefined {
  const levels = [...fairness.levels];
  switch (what) {
    case "dump_priority_levels":
      return textResponse(table(LEVEL_COLUMNS, levels.map(levelRow)));
    case "dump_queues":
      return textResponse(table(QUEUE_COLUMNS, levels.flatMap(queueRows)));
    case "dump_requests": {
      const details = (query.get("includeRequestDetails") ?? "") !== "";
      const columns = details ? [...REQUEST_COLUMNS, ...DETAIL_COLUMNS] : REQUEST_COLUMNS;
      const rows = levels.flatMap((level) => requestRows(level, details, wallOffset));
      return textResponse(table(columns, rows));
    }
    default:
      return undefined;
  }
}

function levelRow(level: LevelState): Row {
  const { plan, queues, quiescing, waiting, executing } = level;
  const counts = [level.dispatched, level.rejected, level.timedOut, level.cancelled];
  if (plan.exempt) return [plan.name, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE];
  const active = [...queues?.active ?? []].filter((queue) => queue.waiting.size > 0).length;
  return [plan.name, active, level.isIdle, quiescing, waiting, executing, ...counts];
}

/** Queues with nothing in them do not exist. */
function queueRows({ plan, queues }: LevelState): Row[] {
  if (plan.exempt) return [[plan.name, ...Array<string>(QUEUE_COLUMNS.length - 1).fill(NONE)]];
  return [...queues?.active ?? []].map((queue) => {
    const turns = [...queue.waiting];
    const sum = (of: (turn: typeof turns[number]) => number) =>
      turns.reduce((total, turn) => total + of(turn), 0);
    return [
      plan.name,
      queue.index,
      turns.length,
      queue.executing,
      queue.seatsInUse,
      seatSeconds(queue.next),
      sum(({ work }) => work.seats),
      sum((turn) => turn.seats),
      seatSeconds(sum((turn) => turn.cost(GUESSED_MILLISECONDS))),
    ];
  });
}

function requestRows({ plan, queues }: LevelState, details: boolean, wallOffset: number): Row[] {
  return [...queues?.active ?? []].flatMap((queue) =>
    [...queue.waiting].map((turn, i) => {
      const { schema, distinguisher, work, info, user, arrivedAt } = turn;
      const row: Row = [
        plan.name,
        schema.plan.name,
        queue.index,
        i,
        distinguisher,
        new Date(arrivedAt + wallOffset).toISOString(),
        work.seats,
        work.finalSeats,
        `${work.finalMilliseconds}ms`,
      ];
      const version = info.group === "" ? info.version : `${info.group}/${info.version}`;
      return details
        ? [
          ...row,
          user.username,
          info.verb,
          info.path,
          info.namespace,
          info.name,
          version,
          info.resource,
          info.subresource,
        ]
        : row;
    })
  );
}

const seatSeconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(8)}ss`;

/** Cells end in a comma and are padded to their column, eight characters or more. Pure. */
export function table(columns: readonly string[], rows: readonly Row[]): string {
  const lines = [columns, ...rows].map((row) =>
    row.map((cell, i) => i < row.length - 1 ? `${cell},` : String(cell))
  );
  const widths = columns.map((_, i) =>
    Math.max(8, ...lines.map((line) => (line[i] ?? "").length + 1))
  );
  return lines.map((line) =>
    line.map((cell, i) => i < line.length - 1 ? cell.padEnd(widths[i] ?? 0) : cell).join("") + "\n"
  ).join("");
}
