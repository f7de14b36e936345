import { invariant } from "../../base/mod.ts";
import {
  encodeProtobuf,
  encodeProtobufItem,
  encodeProtobufList,
  type GroupVersionKind,
  type KubeObject,
  protobufBody,
  writeWatchEvent,
} from "../../api/mod.ts";
import type { Negotiated } from "../negotiation/mod.ts";
import { apiVersionOf } from "../registry/encoding.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { bookmarkMetadata, type Form, type ListMetadata } from "./form.ts";
import { ProtobufItems } from "./protobuf_items.ts";
import type { VersionView } from "./version_view.ts";

const items = new ProtobufItems();

/** Objects, or their metadata, as protobuf, for clients that take nothing else. */
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
    return protobufBody(this.#item(entry), this.#kind);
  }

  list(entries: readonly StoredObject[], metadata: ListMetadata): Uint8Array {
    const messages = entries.map((entry) => this.#item(entry));
    return encodeProtobufList(this.#listKind, metadata, messages);
  }

  event(type: "ADDED" | "MODIFIED" | "DELETED", entry: StoredObject): Uint8Array {
    return writeWatchEvent(type, this.one(entry));
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    const body = this.#body({ metadata: bookmarkMetadata(revision, annotations) });
    return writeWatchEvent("BOOKMARK", body);
  }

  #item(entry: StoredObject): Uint8Array {
    return this.#lasting(entry)
      ? items.message(entry, this.key, () => this.#message(entry))
      : this.#message(entry);
  }

  /** Metadata alone is small; what somebody converted, or what is in the cache no more, is hardly asked for twice. */
  #lasting(entry: StoredObject): boolean {
    const { cache, converts } = this.view.resource;
    return !this.#metadataOnly && !converts && cache.get(entry.key) === entry;
  }

  #message(entry: StoredObject): Uint8Array {
    const object = this.view.object(entry);
    const shown = this.#metadataOnly ? { metadata: object.metadata ?? {} } : object;
    const message = encodeProtobufItem(shown, this.#kind);
    invariant(message !== undefined, "protobuf is negotiated only for kinds that have it");
    return message;
  }

  #body(object: KubeObject): Uint8Array {
    const bytes = encodeProtobuf(object, this.#kind);
    invariant(bytes !== undefined, "protobuf is negotiated only for kinds that have it");
    return bytes;
  }
}
