import { ApiError, type Status } from "../../base/mod.ts";
import { encodeProtobuf, type KubeObject, writeWatchEvent } from "../../api/served.ts";
import type { CacheEvent } from "../../storage/mod.ts";
import { type Negotiated, PROTOBUF_TYPE } from "../negotiation/mod.ts";
import type { ObjectIndex } from "../registry/resource_store.ts";
import { joined } from "./bytes.ts";
import { type Form, jsonLine } from "./form.ts";
import type { Selection } from "./selection.ts";

export type ObjectEvent = CacheEvent<ObjectIndex>;

/** Events as they go out: one by one, or as one piece. */
export class Frames {
  #whole: Uint8Array | undefined;

  constructor(readonly list: readonly Uint8Array[]) {}

  get whole(): Uint8Array {
    if (this.list.length === 1) return this.list[0] as Uint8Array;
    return this.#whole ??= joined(this.list);
  }
}

/** What has been made of a batch, by who wants the same of it. */
const known = new WeakMap<readonly ObjectEvent[], Map<string, Frames>>();

/** The frames of a batch that all watchers of the same prefix were given. */
export function batchFrames(
  batch: readonly ObjectEvent[],
  selection: Selection,
  form: Form,
): Frames {
  if (selection.sharedKey === undefined) return new Frames(framesOf(batch, selection, form));
  let made = known.get(batch);
  if (made === undefined) known.set(batch, made = new Map());
  const key = `${form.key}\n${selection.sharedKey}`;
  let frames = made.get(key);
  if (frames === undefined) made.set(key, frames = new Frames(framesOf(batch, selection, form)));
  return frames;
}

function framesOf(
  batch: readonly ObjectEvent[],
  selection: Selection,
  form: Form,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (const event of batch) {
    const frame = eventFrame(event, selection, form, false);
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

/** How a watcher with this selection sees an event; undefined where it does not. */
export function eventFrame(
  event: ObjectEvent,
  selection: Selection,
  form: Form,
  first: boolean,
): Uint8Array | undefined {
  const { current, previous } = event;
  const is = current !== undefined && selection.matches(current);
  const was = previous !== undefined && selection.matches(previous);
  if (!is && !was) return undefined;
  const type = is ? was ? "MODIFIED" : "ADDED" : "DELETED";
  const key = `${type} ${form.key}`;
  if (!first || !form.firstDiffers) {
    const made = event.encodings.get(key);
    if (made !== undefined) return made;
  }
  const entry = is ? current : selection.view.at(previous!, event.revision);
  const frame = form.event(type, entry, first);
  if (!first || !form.firstDiffers) event.encodings.set(key, frame);
  return frame;
}

/** The event that ends a stream that cannot go on. */
export function errorFrame(error: ApiError, { mediaType }: Negotiated): Uint8Array {
  const status: Status = error.toStatus();
  if (mediaType === PROTOBUF_TYPE) {
    const kind = { group: "", version: "v1", kind: "Status" };
    const body = encodeProtobuf(status as unknown as KubeObject, kind);
    if (body !== undefined) return writeWatchEvent("ERROR", body);
  }
  return jsonLine("ERROR", status);
}
