import { invariant } from "../../base/mod.ts";
import {
  encodeProtobuf,
  encodeProtobufItem,
  encodeProtobufList,
  type GroupVersionKind,
  type KubeObject,
  writeWatchEvent,
} from "../../api/mod.ts";
import type { Negotiated } from "../negotiation/mod.ts";
import { apiVersionOf } from "../registry/encoding.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { bookmarkMetadata, type Form, type ListMetadata } from "./form.ts";
import type { VersionView } from "./version_view.ts";

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
    return this.#body(this.#shown(this.view.object(entry)));
  }

  list(entries: readonly StoredObject[], metadata: ListMetadata): Uint8Array {
    const items = entries.map((entry) => {
      const item = encodeProtobufItem(this.#shown(this.view.object(entry)), this.#kind);
      invariant(item !== undefined, "protobuf is negotiated only for kinds that have it");
      return item;
    });
    return encodeProtobufList(this.#listKind, metadata, items);
  }

  event(type: "ADDED" | "MODIFIED" | "DELETED", entry: StoredObject): Uint8Array {
    return writeWatchEvent(type, this.one(entry));
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    const body = this.#body({ metadata: bookmarkMetadata(revision, annotations) });
    return writeWatchEvent("BOOKMARK", body);
  }

  #shown(object: KubeObject): KubeObject {
    return this.#metadataOnly ? { metadata: object.metadata ?? {} } : object;
  }

  #body(object: KubeObject): Uint8Array {
    const bytes = encodeProtobuf(object, this.#kind);
    invariant(bytes !== undefined, "protobuf is negotiated only for kinds that have it");
    return bytes;
  }
}
