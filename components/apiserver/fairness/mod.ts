/** API priority and fairness: how many requests are answered at once, and whose. */
export { type FlowControlOptions, type OpenGate, openGate } from "./open_gate.ts";
export { type Gate, type Place, requestKind, tooManyRequests } from "./gate.ts";
