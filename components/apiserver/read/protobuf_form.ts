import { invariant } from "../../base/mod.ts";
import {
  encodeProtobuf,
  type GroupVersionKind,
  type KubeObject,
  protobufBody,
  ProtobufListWriter,
  transcodeProtobufItem,
  writeWatchEvent,
} from "../../api/served.ts";
import { heldBody, type Negotiated, type PieceBody } from "../negotiation/mod.ts";
import { apiVersionOf } from "../registry/encoding.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { bookmarkMetadata, type Form, type ListMetadata } from "./form.ts";
import { ProtobufItems } from "./protobuf_items.ts";
import type { VersionView } from "./version_view.ts";

const items = new ProtobufItems();

/** Objects, or their metadata, as protobuf: written out of their JSON, of which nothing is decoded. */
export class ProtobufForm implements Form {
  readonly key: string;
  readonly firstDiffers = false;
  readonly #kind: GroupVersionKind;
  readonly #listKind: { readonly apiVersion: string; readonly kind: string };
  readonly #metadataOnly: boolean;

  constructor(readonly view: VersionView, { form, formVersion: version }: Negotiated) {
    this.#metadataOnly = form === "metadata";
    this.#kind = this.#metadataOnly
      ? { group: "meta.k8s.io", version, kind: "PartialObjectMetadata" }
      : view.definition;
    this.#listKind = {
      apiVersion: apiVersionOf(this.#kind),
      kind: this.#metadataOnly ? "PartialObjectMetadataList" : view.definition.listKind,
    };
    this.key = `protobuf ${form} ${version} ${view.encoding.apiVersion}`;
  }

  one(entry: StoredObject): Uint8Array {
    const message = this.#lasting(entry) ? items.get(entry, this.key) : undefined;
    return protobufBody(message ?? this.#message(entry), this.#kind);
  }

  list(entries: readonly StoredObject[], metadata: ListMetadata): PieceBody {
    const list = new ProtobufListWriter(this.#kind);
    for (const entry of entries) {
      const lasting = this.#lasting(entry);
      const known = lasting ? items.get(entry, this.key) : undefined;
      if (known !== undefined) list.message(known);
      else {
        const written = list.json(this.view.bytes(entry), lasting && items.wants(entry));
        if (written !== undefined) items.keep(entry, this.key, written);
      }
    }
    const { pieces, length } = list.finish(this.#listKind, metadata);
    return heldBody(pieces, length);
  }

  event(type: "ADDED" | "MODIFIED" | "DELETED", entry: StoredObject): Uint8Array {
    return writeWatchEvent(type, this.one(entry));
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    const body = this.#body({ metadata: bookmarkMetadata(revision, annotations) });
    return writeWatchEvent("BOOKMARK", body);
  }

  /** Metadata alone is small; what is in the cache no more is hardly asked for twice. */
  #lasting(entry: StoredObject): boolean {
    const { cache } = this.view.resource;
    return !this.#metadataOnly && cache.get(entry.key) === entry;
  }

  #message(entry: StoredObject): Uint8Array {
    const message = transcodeProtobufItem(this.view.bytes(entry), this.#kind);
    invariant(message !== undefined, "protobuf is negotiated only for kinds that have it");
    return message;
  }

  #body(object: KubeObject): Uint8Array {
    const bytes = encodeProtobuf(object, this.#kind);
    invariant(bytes !== undefined, "protobuf is negotiated only for kinds that have it");
    return bytes;
  }
}
