import type { Clock, JsonValue } from "../../base/mod.ts";
import { heldBody, type IncludeObject, type PieceBody } from "../negotiation/mod.ts";
import type { StoredObject } from "../registry/resource_store.ts";
import { joined, utf8 } from "./bytes.ts";
import { bookmarkMetadata, type Form, jsonEvent, jsonLine, type ListMetadata } from "./form.ts";
import { metadataBytes, type VersionView } from "./version_view.ts";

const COMMA = utf8(",");
const END = utf8("]}");
const ROW_END = utf8("}");
const NULL = utf8("null");

/** `meta.k8s.io` Table: cells as kubectl prints them, a row an object. */
export class TableForm implements Form {
  readonly key: string;
  /** Columns are told once a stream. */
  readonly firstDiffers = true;
  readonly #apiVersion: string;
  readonly #objectHead: Uint8Array;

  constructor(
    readonly view: VersionView,
    version: "v1" | "v1beta1",
    readonly includeObject: IncludeObject,
    readonly clock: Clock,
  ) {
    this.#apiVersion = `meta.k8s.io/${version}`;
    this.#objectHead = utf8(`{"kind":"PartialObjectMetadata","apiVersion":"${this.#apiVersion}",`);
    this.key = `table ${version} ${includeObject} ${view.encoding.apiVersion}`;
  }

  one(entry: StoredObject): Uint8Array {
    return this.#table([entry], { resourceVersion: String(entry.revision) }, true);
  }

  list(entries: readonly StoredObject[], metadata: ListMetadata): PieceBody {
    const table = this.#table(entries, metadata, true);
    return heldBody([table], table.length);
  }

  event(
    type: "ADDED" | "MODIFIED" | "DELETED",
    entry: StoredObject,
    first: boolean,
  ): Uint8Array {
    return jsonEvent(
      type,
      this.#table([entry], { resourceVersion: String(entry.revision) }, first),
    );
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    return jsonLine("BOOKMARK", {
      kind: "Table",
      apiVersion: this.#apiVersion,
      metadata: { resourceVersion: String(revision) },
      columnDefinitions: this.#columns(),
      rows: [{
        cells: this.view.definition.columns.map(() => ""),
        object: {
          kind: "PartialObjectMetadata",
          apiVersion: this.#apiVersion,
          metadata: bookmarkMetadata(revision, annotations),
        },
      }],
    });
  }

  #columns(): JsonValue {
    return this.view.definition.columns.map((
      { name, type, format = "", description = "", priority },
    ) => ({ name, type, format, description, priority }));
  }

  #table(entries: readonly StoredObject[], metadata: ListMetadata, columns: boolean): Uint8Array {
    const now = this.clock.now();
    const pieces: Uint8Array[] = [utf8(
      `{"kind":"Table","apiVersion":"${this.#apiVersion}","metadata":${
        JSON.stringify(metadata)
      },"columnDefinitions":${columns ? JSON.stringify(this.#columns()) : "null"},"rows":[`,
    )];
    for (const [i, entry] of entries.entries()) {
      if (i > 0) pieces.push(COMMA);
      const cells = this.view.definition.cells(this.view.object(entry), now);
      pieces.push(utf8(`{"cells":${JSON.stringify(cells)},"object":`));
      this.#pushObject(entry, pieces);
      pieces.push(ROW_END);
    }
    pieces.push(END);
    return joined(pieces);
  }

  #pushObject(entry: StoredObject, pieces: Uint8Array[]): void {
    switch (this.includeObject) {
      case "None":
        pieces.push(NULL);
        break;
      case "Object":
        pieces.push(this.view.bytes(entry));
        break;
      case "Metadata":
        pieces.push(
          this.#objectHead,
          metadataBytes(this.view.bytes(entry), this.view.encoding),
          ROW_END,
        );
    }
  }
}
