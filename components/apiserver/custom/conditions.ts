import { timestamp } from "../../base/mod.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition as Condition,
} from "../../api/served.ts";

/** A condition without its time, which is that of its last change. */
export type ConditionState = Required<Pick<Condition, "type" | "status" | "reason" | "message">>;

export function findCondition(
  { status }: CustomResourceDefinition,
  type: string,
): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export const isTrue = (definition: CustomResourceDefinition, type: string): boolean =>
  findCondition(definition, type)?.status === "True";

export function sameCondition(a: ConditionState, b: Condition | undefined): boolean {
  return b !== undefined && a.status === b.status && a.reason === b.reason &&
    a.message === b.message;
}

/** The conditions with one of them set: its time changes with its status. */
export function withCondition(
  conditions: readonly Condition[],
  { type, status, reason, message }: ConditionState,
  now: number,
): Condition[] {
  const old = conditions.find((condition) => condition.type === type);
  const changed = old === undefined || old.status !== status;
  const next: Condition = {
    type,
    status,
    lastTransitionTime: changed ? timestamp(now) : old.lastTransitionTime ?? timestamp(now),
    reason,
    message,
  };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((condition) => condition === old ? next : condition);
}

export const withoutCondition = (conditions: readonly Condition[], type: string): Condition[] =>
  conditions.filter((condition) => condition.type !== type);
