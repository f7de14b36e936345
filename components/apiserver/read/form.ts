import type { Clock } from "../../base/mod.ts";
import type { KubeList } from "../../api/served.ts";
import { apiVersionOf } from "../registry/encoding.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import {
  type IncludeObject,
  type Negotiated,
  PieceBody,
  PROTOBUF_TYPE,
} from "../negotiation/mod.ts";
import { joined, utf8 } from "./bytes.ts";
import { ProtobufForm } from "./protobuf_form.ts";
import { TableForm } from "./table_form.ts";
import { metadataBytes, type VersionView } from "./version_view.ts";

export type ListMetadata = NonNullable<KubeList["metadata"]>;

/** How entries are told: one, a list of them, and events. Bytes are JSON, or protobuf. */
export interface Form {
  /** Tells forms apart whose bytes differ, among watchers of one resource. */
  readonly key: string;
  /** A body of one object. */
  one(entry: StoredObject): Uint8Array;
  /** A body of many. What may fail fails now, and not when its pieces are read. */
  list(entries: readonly StoredObject[], metadata: ListMetadata): PieceBody;
  /** A watch event as it stands in the stream. `first` where the watcher has had none before. */
  event(type: "ADDED" | "MODIFIED" | "DELETED", entry: StoredObject, first: boolean): Uint8Array;
  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array;
  /** True where the first event of a stream differs from the others. */
  readonly firstDiffers: boolean;
}

/** The form that was negotiated. */
export function formOf(
  view: VersionView,
  negotiated: Negotiated,
  includeObject: IncludeObject,
  clock: Clock,
): Form {
  if (negotiated.mediaType === PROTOBUF_TYPE) return new ProtobufForm(view, negotiated);
  switch (negotiated.form) {
    case "object":
      return new ObjectForm(view);
    case "metadata":
      return new MetadataForm(view, negotiated.formVersion);
    case "table":
      return new TableForm(view, negotiated.formVersion, includeObject, clock);
  }
}

const EMPTY = new Uint8Array();
const EVENT_END = utf8("}\n");
const COMMA = utf8(",");
const COMMA_OPEN = utf8(",{");
const LIST_END = utf8("]}\n");
const OPEN = utf8("{");
const CLOSE = utf8("}");
const EVENT_HEADS = {
  ADDED: utf8('{"type":"ADDED","object":'),
  MODIFIED: utf8('{"type":"MODIFIED","object":'),
  DELETED: utf8('{"type":"DELETED","object":'),
};

/** A list of items, of which each begins at `from`: what `open` says instead, for the first, and `between` for others. */
function listBody(
  head: Uint8Array,
  items: readonly Uint8Array[],
  { from, open, between }: {
    readonly from: number;
    readonly open: Uint8Array;
    readonly between: Uint8Array;
  },
): PieceBody {
  let length = head.length + LIST_END.length;
  if (items.length > 0) length += open.length + (items.length - 1) * between.length;
  for (const item of items) length += item.length - from;
  return new PieceBody(length, function* () {
    yield head;
    for (let i = 0; i < items.length; i++) {
      yield i === 0 ? open : between;
      const item = items[i] as Uint8Array;
      yield from === 0 ? item : item.subarray(from);
    }
    yield LIST_END;
  });
}

/** One line of a JSON watch stream. */
export function jsonEvent(type: keyof typeof EVENT_HEADS, object: Uint8Array): Uint8Array {
  return joined([EVENT_HEADS[type], object, EVENT_END]);
}

/** A line of a JSON watch stream that no object stands behind. */
export function jsonLine(type: "BOOKMARK" | "ERROR", object: unknown): Uint8Array {
  return utf8(`${JSON.stringify({ type, object })}\n`);
}

/** The metadata of a bookmark. */
export function bookmarkMetadata(
  revision: number,
  annotations: Readonly<Record<string, string>> | undefined,
) {
  return {
    resourceVersion: String(revision),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  };
}

/** Objects whole: the stored bytes, which nothing reads again. */
class ObjectForm implements Form {
  readonly key: string;
  readonly firstDiffers = false;

  constructor(readonly view: VersionView) {
    this.key = `object ${view.encoding.apiVersion}`;
  }

  one(entry: StoredObject): Uint8Array {
    return this.view.bytes(entry);
  }

  list(entries: readonly StoredObject[], metadata: ListMetadata): PieceBody {
    const { definition, encoding } = this.view;
    const head = utf8(
      `{"kind":${JSON.stringify(definition.listKind)},"apiVersion":${
        JSON.stringify(apiVersionOf(definition))
      },"metadata":${JSON.stringify(metadata)},"items":[`,
    );
    // Items of built-in kinds do not say what they are; custom ones do.
    const from = definition.custom === undefined ? encoding.itemOffset : 0;
    const [open, between] = from === 0 ? [EMPTY, COMMA] : [OPEN, COMMA_OPEN];
    return listBody(head, entries.map((entry) => this.view.bytes(entry)), { from, open, between });
  }

  event(type: "ADDED" | "MODIFIED" | "DELETED", entry: StoredObject): Uint8Array {
    return jsonEvent(type, this.view.bytes(entry));
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    const { kind, apiVersion } = this.view.encoding;
    return jsonLine("BOOKMARK", {
      kind,
      apiVersion,
      metadata: bookmarkMetadata(revision, annotations),
    });
  }
}

/** `meta.k8s.io` PartialObjectMetadata, cut out of the stored bytes. */
class MetadataForm implements Form {
  readonly key: string;
  readonly firstDiffers = false;
  readonly #apiVersion: string;
  readonly #head: Uint8Array;

  constructor(readonly view: VersionView, version: Negotiated["formVersion"]) {
    this.#apiVersion = `meta.k8s.io/${version}`;
    this.#head = utf8(`{"kind":"PartialObjectMetadata","apiVersion":"${this.#apiVersion}",`);
    this.key = `metadata ${version} ${view.encoding.apiVersion}`;
  }

  one(entry: StoredObject): Uint8Array {
    const { encoding } = this.view;
    return joined([this.#head, metadataBytes(this.view.bytes(entry), encoding), CLOSE]);
  }

  list(entries: readonly StoredObject[], metadata: ListMetadata): PieceBody {
    const head = utf8(
      `{"kind":"PartialObjectMetadataList","apiVersion":"${this.#apiVersion}","metadata":${
        JSON.stringify(metadata)
      },"items":[`,
    );
    const items = entries.map((entry) => this.one(entry));
    return listBody(head, items, { from: 0, open: EMPTY, between: COMMA });
  }

  event(type: "ADDED" | "MODIFIED" | "DELETED", entry: StoredObject): Uint8Array {
    return jsonEvent(type, this.one(entry));
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    return jsonLine("BOOKMARK", {
      kind: "PartialObjectMetadata",
      apiVersion: this.#apiVersion,
      metadata: bookmarkMetadata(revision, annotations),
    });
  }
}
