/** kube-aggregator: APIs of servers behind this one. */
export { Aggregator, type AggregatorOptions } from "./aggregator.ts";
