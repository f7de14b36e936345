/** Cluster DNS: Services and EndpointSlices to records, and the server that answers from them. */
export * from "./dns.ts";
export { type QuestionOptions, untilResolved } from "./question.ts";
export { type NamedRecord, type Resolution, Resolver } from "./resolver.ts";
export { type DnsServer, serveDns } from "./server.ts";
export { reverseName, serviceRecords, type ZoneRecord } from "./zone.ts";
