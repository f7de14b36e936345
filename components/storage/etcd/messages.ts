import { MessageWriter, readMessage } from "./wire.ts";

/**
 * The messages of etcd's v3 API that a store needs, with the members that it needs: `etcdserverpb` and `mvccpb`.
 * The numbers are those of etcd's documentation.
 */

/** A span of keys in bytes: from `key` up to and without `end`; an empty `end` means the one key. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly end: Uint8Array;
}

export interface RangeRequest extends KeyRange {
  /** 0: now. */
  readonly revision?: number;
  readonly limit?: number;
  readonly countOnly?: boolean;
  /** Answered from what the member has, which may be behind. */
  readonly serializable?: boolean;
}

export interface KeyValue {
  /** A view into the message. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly modRevision: number;
  /** How often the key was written since it was created. */
  readonly version: number;
}

export interface RangeResponse {
  readonly revision: number;
  readonly entries: readonly KeyValue[];
  /** How many keys lie in the range, whatever the limit. */
  readonly count: number;
}

/** What a transaction asks of one key, and the one thing that it does where the answer is yes. */
export interface TxnRequest {
  readonly key: Uint8Array;
  readonly compare: { readonly target: "version" | "modRevision"; readonly value: number };
  readonly success:
    | { readonly op: "put"; readonly value: Uint8Array; readonly lease?: bigint }
    | { readonly op: "delete" };
}

/** `current` is what the key holds where the comparison failed. */
export interface TxnResponse {
  readonly succeeded: boolean;
  readonly revision: number;
  readonly current: KeyValue | undefined;
}

export interface WatchCreate extends KeyRange {
  /** The first revision that is told; at least 1. */
  readonly startRevision: number;
  readonly previous: boolean;
}

export interface WatchEvent {
  readonly deleted: boolean;
  readonly entry: KeyValue;
  readonly previous: KeyValue | undefined;
}

export interface WatchResponse {
  readonly revision: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Not 0 where the watch ended because its start is compacted. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  /** More events of this answer follow in the next. */
  readonly fragment: boolean;
  readonly events: readonly WatchEvent[];
}

export interface StatusResponse {
  readonly version: string;
  readonly databaseBytes: number;
  readonly member: bigint;
  readonly leader: bigint;
}

const EMPTY = new Uint8Array();

export function encodeRange(request: RangeRequest): Uint8Array {
  return new MessageWriter()
    .bytes(1, request.key)
    .bytes(2, request.end)
    .integer(3, request.limit ?? 0)
    .integer(4, request.revision ?? 0)
    .flag(7, request.serializable ?? false)
    .flag(9, request.countOnly ?? false)
    .finish();
}

export function decodeRange(bytes: Uint8Array): RangeResponse {
  let revision = 0;
  let count = 0;
  const entries: KeyValue[] = [];
  readMessage(bytes, (field, reader) => {
    if (field === 1) revision = decodeHeader(reader.message()).revision;
    else if (field === 2) entries.push(decodeKeyValue(reader.message()));
    else if (field === 4) count = reader.integer();
    else return false;
    return true;
  });
  return { revision, entries, count };
}

export function encodeTxn({ key, compare, success }: TxnRequest): Uint8Array {
  const comparison = compare.target === "version"
    ? new MessageWriter().integer(2, 0).bytes(3, key).choice(4, compare.value)
    : new MessageWriter().integer(2, 2).bytes(3, key).choice(6, compare.value);
  const operation = new MessageWriter();
  if (success.op === "put") {
    const { value, lease = 0n } = success;
    const put = new MessageWriter().bytes(1, key).bytes(2, value).integer(3, lease);
    operation.message(2, put.finish());
  } else {
    operation.message(3, new MessageWriter().bytes(1, key).finish());
  }
  const read = new MessageWriter().message(1, encodeRange({ key, end: EMPTY }));
  return new MessageWriter()
    .message(1, comparison.finish())
    .message(2, operation.finish())
    .message(3, read.finish())
    .finish();
}

export function decodeTxn(bytes: Uint8Array): TxnResponse {
  let revision = 0;
  let succeeded = false;
  let current: KeyValue | undefined;
  readMessage(bytes, (field, reader) => {
    if (field === 1) revision = decodeHeader(reader.message()).revision;
    else if (field === 2) succeeded = reader.flag();
    else if (field === 3) {
      readMessage(reader.message(), (inner, innerReader) => {
        if (inner !== 1) return false;
        current = decodeRange(innerReader.message()).entries[0];
        return true;
      });
    } else return false;
    return true;
  });
  return { revision, succeeded, current };
}

export function encodePut(key: Uint8Array, value: Uint8Array): Uint8Array {
  return new MessageWriter().bytes(1, key).bytes(2, value).finish();
}

/** Of a put, a compaction, a lease that is revoked: the revision alone. */
export function decodeRevision(bytes: Uint8Array): number {
  let revision = 0;
  readMessage(bytes, (field, reader) => {
    if (field !== 1) return false;
    revision = decodeHeader(reader.message()).revision;
    return true;
  });
  return revision;
}

export function encodeCompaction(revision: number): Uint8Array {
  return new MessageWriter().integer(1, revision).finish();
}

export function encodeLeaseGrant(seconds: number): Uint8Array {
  return new MessageWriter().integer(1, seconds).finish();
}

export function decodeLeaseGrant(bytes: Uint8Array): { id: bigint; seconds: number } {
  let id = 0n;
  let seconds = 0;
  readMessage(bytes, (field, reader) => {
    if (field === 2) id = reader.identity();
    else if (field === 3) seconds = reader.integer();
    else return false;
    return true;
  });
  return { id, seconds };
}

export function decodeStatus(bytes: Uint8Array): StatusResponse {
  let version = "";
  let databaseBytes = 0;
  let leader = 0n;
  let member = 0n;
  readMessage(bytes, (field, reader) => {
    if (field === 1) member = decodeHeader(reader.message()).member;
    else if (field === 2) version = reader.text();
    else if (field === 3) databaseBytes = reader.integer();
    else if (field === 4) leader = reader.identity();
    else return false;
    return true;
  });
  return { version, databaseBytes, leader, member };
}

/** `fragment`: large answers come in parts, so that no message is larger than what may be written at once. */
export function encodeWatchCreate({ key, end, startRevision, previous }: WatchCreate): Uint8Array {
  const create = new MessageWriter()
    .bytes(1, key)
    .bytes(2, end)
    .integer(3, startRevision)
    .flag(6, previous)
    .flag(8, true);
  return new MessageWriter().message(1, create.finish()).finish();
}

export function encodeProgressRequest(): Uint8Array {
  return new MessageWriter().message(3, EMPTY).finish();
}

export function decodeWatch(bytes: Uint8Array): WatchResponse {
  let revision = 0;
  let created = false;
  let canceled = false;
  let compactRevision = 0;
  let cancelReason = "";
  let fragment = false;
  const events: WatchEvent[] = [];
  readMessage(bytes, (field, reader) => {
    if (field === 1) revision = decodeHeader(reader.message()).revision;
    else if (field === 3) created = reader.flag();
    else if (field === 4) canceled = reader.flag();
    else if (field === 5) compactRevision = reader.integer();
    else if (field === 6) cancelReason = reader.text();
    else if (field === 7) fragment = reader.flag();
    else if (field === 11) events.push(decodeEvent(reader.message()));
    else return false;
    return true;
  });
  return { revision, created, canceled, compactRevision, cancelReason, fragment, events };
}

function decodeEvent(bytes: Uint8Array): WatchEvent {
  let deleted = false;
  let entry: KeyValue | undefined;
  let previous: KeyValue | undefined;
  readMessage(bytes, (field, reader) => {
    if (field === 1) deleted = reader.integer() === 1;
    else if (field === 2) entry = decodeKeyValue(reader.message());
    else if (field === 3) previous = decodeKeyValue(reader.message());
    else return false;
    return true;
  });
  return {
    deleted,
    entry: entry ?? { key: EMPTY, value: EMPTY, modRevision: 0, version: 0 },
    previous,
  };
}

function decodeKeyValue(bytes: Uint8Array): KeyValue {
  let key: Uint8Array = EMPTY;
  let value: Uint8Array = EMPTY;
  let modRevision = 0;
  let version = 0;
  readMessage(bytes, (field, reader) => {
    if (field === 1) key = reader.message();
    else if (field === 3) modRevision = reader.integer();
    else if (field === 4) version = reader.integer();
    else if (field === 5) value = reader.bytes();
    else return false;
    return true;
  });
  return { key, value, modRevision, version };
}

function decodeHeader(bytes: Uint8Array): { readonly revision: number; readonly member: bigint } {
  let revision = 0;
  let member = 0n;
  readMessage(bytes, (field, reader) => {
    if (field === 2) member = reader.identity();
    else if (field === 3) revision = reader.integer();
    else return false;
    return true;
  });
  return { revision, member };
}
