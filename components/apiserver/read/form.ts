import type { Clock } from "../../base/mod.ts";
import type { KubeList } from "../../api/mod.ts";
import { apiVersionOf } from "../registry/encoding.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { type IncludeObject, type Negotiated, PROTOBUF_TYPE } from "../negotiation/mod.ts";
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
  list(entries: readonly StoredObject[], metadata: ListMetadata): Uint8Array;
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

const EVENT_END = utf8("}\n");
const COMMA = utf8(",");
const LIST_END = utf8("]}\n");
const OPEN = utf8("{");
const CLOSE = utf8("}");
const EVENT_HEADS = {
  ADDED: utf8('{"type":"ADDED","object":'),
  MODIFIED: utf8('{"type":"MODIFIED","object":'),
  DELETED: utf8('{"type":"DELETED","object":'),
};

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

  list(entries: readonly StoredObject[], metadata: ListMetadata): Uint8Array {
    const { definition, encoding } = this.view;
    const pieces: Uint8Array[] = [utf8(
      `{"kind":${JSON.stringify(definition.listKind)},"apiVersion":${
        JSON.stringify(apiVersionOf(definition))
      },"metadata":${JSON.stringify(metadata)},"items":[`,
    )];
    for (const [i, entry] of entries.entries()) {
      if (i > 0) pieces.push(COMMA);
      // Items of built-in kinds do not say what they are; custom ones do.
      if (definition.custom !== undefined) pieces.push(this.view.bytes(entry));
      else pieces.push(OPEN, this.view.bytes(entry).subarray(encoding.itemOffset));
    }
    pieces.push(LIST_END);
    return joined(pieces);
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

  list(entries: readonly StoredObject[], metadata: ListMetadata): Uint8Array {
    const pieces: Uint8Array[] = [utf8(
      `{"kind":"PartialObjectMetadataList","apiVersion":"${this.#apiVersion}","metadata":${
        JSON.stringify(metadata)
      },"items":[`,
    )];
    for (const [i, entry] of entries.entries()) {
      if (i > 0) pieces.push(COMMA);
      pieces.push(this.one(entry));
    }
    pieces.push(LIST_END);
    return joined(pieces);
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
