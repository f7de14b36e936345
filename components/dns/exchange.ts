import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import * as packets from "dns-packet";
import { compressed } from "./compression.ts";
import type { Resolver } from "./resolver.ts";

/** Asks a server outside the cluster and gives its answer as it came, or undefined when none came. */
export type Forward = (query: Uint8Array) => Promise<Uint8Array | undefined>;

const TTL_SECONDS = 30;
const NEGATIVE_TTL_SECONDS = 30;
/** What a client without EDNS takes over UDP, and the most that is sent to any. */
const UDP_PLAIN_BYTES = 512;
const UDP_MAXIMUM_BYTES = 1232;

const SERVFAIL = 2;
const NXDOMAIN = 3;
const NOTIMP = 4;
const REFUSED = 5;

/** Answers one DNS message. Undefined: it is not a question, and gets no answer. */
export async function answerQuery(
  message: Uint8Array,
  transport: "udp" | "tcp",
  resolver: Resolver,
  forward: Forward,
): Promise<Uint8Array | undefined> {
  let query: packets.DecodedPacket;
  try {
    query = decodePacket(message);
  } catch {
    return undefined;
  }
  if (query.type !== "query") return undefined;
  const question = query.questions?.[0];
  if (question === undefined || query.questions?.length !== 1) return encode(query, {}, NOTIMP);
  if ((question as { class?: string }).class !== "IN") return encode(query, {}, REFUSED);

  const resolution = resolver.resolve(question.name, question.type);
  switch (resolution.kind) {
    case "elsewhere": {
      const answer = await forward(message);
      return answer ?? encode(query, {}, SERVFAIL);
    }
    case "answer": {
      const answers = [...resolution.records];
      const alias = answers.find((record) => record.type === "CNAME");
      const rest = alias === undefined || question.type === "CNAME"
        ? []
        : await follow(alias.data as string, question.type, resolver, forward);
      return fit(
        query,
        [...answers.map((record) => ({ ...record, class: "IN", ttl: TTL_SECONDS })), ...rest],
        transport,
      );
    }
    case "empty":
      return encode(query, { authorities: [authority(resolver.domain)] }, 0);
    case "unknown":
      return encode(query, { authorities: [authority(resolver.domain)] }, NXDOMAIN);
  }
}

/** The library reads node's buffers only: this one shares the message's memory. */
function decodePacket(message: Uint8Array): packets.DecodedPacket {
  return packets.decode(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
}

/** The records of an alias' target, in the cluster or outside. */
async function follow(
  target: string,
  type: string,
  resolver: Resolver,
  forward: Forward,
): Promise<unknown[]> {
  const resolution = resolver.resolve(target, type);
  if (resolution.kind === "answer") {
    return resolution.records.map((record) => ({ ...record, class: "IN", ttl: TTL_SECONDS }));
  }
  if (resolution.kind !== "elsewhere") return [];
  const answer = await forward(
    packets.encode({
      type: "query",
      id: 1,
      flags: packets.RECURSION_DESIRED,
      questions: [{ type: type as never, name: target }],
    }),
  );
  if (answer === undefined) return [];
  try {
    return decodePacket(answer).answers ?? [];
  } catch {
    return [];
  }
}

function authority(domain: string) {
  return {
    type: "SOA",
    class: "IN",
    name: domain,
    ttl: NEGATIVE_TTL_SECONDS,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: NEGATIVE_TTL_SECONDS,
    },
  };
}

/**
 * Over UDP an answer that the client cannot take is cut and marked, so that it asks again over TCP; who does not still
 * has some of the addresses.
 */
function fit(
  query: packets.DecodedPacket,
  answers: unknown[],
  transport: "udp" | "tcp",
): Uint8Array {
  const whole = encode(query, { answers }, 0);
  if (transport === "tcp") return whole;
  const option = query.additionals?.find((record) => record.type === "OPT") as
    | { udpPayloadSize?: number }
    | undefined;
  const room = Math.min(
    Math.max(option?.udpPayloadSize ?? UDP_PLAIN_BYTES, UDP_PLAIN_BYTES),
    UDP_MAXIMUM_BYTES,
  );
  let part = whole, count = answers.length;
  while (part.length > room && count > 0) {
    count = Math.min(count - 1, Math.floor(count * room / part.length));
    part = encode(query, { answers: answers.slice(0, count) }, packets.TRUNCATED_RESPONSE);
  }
  return part;
}

function encode(query: packets.DecodedPacket, sections: object, flags: number): Uint8Array {
  const asked = query.flags ?? 0;
  return compressed(packets.encode({
    type: "response",
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: flags | packets.AUTHORITATIVE_ANSWER | packets.RECURSION_AVAILABLE |
      (asked & packets.RECURSION_DESIRED),
    ...(query.questions === undefined ? {} : { questions: query.questions }),
    ...sections,
  } as packets.Packet));
}
