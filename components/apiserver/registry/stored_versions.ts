import type { CustomDefinitions, KubeObject, ResourceDefinition } from "../../api/served.ts";
import { convertObject } from "./conversion.ts";
import { asJson, ObjectEncoding } from "./encoding.ts";
import type { VersionConversion } from "./version_conversion.ts";

/**
 * What lies in the store of a custom resource may be of another version, or of a schema of before. Such an object is
 * brought up to date when it is read; it is written anew only when somebody changes it.
 */
export class StoredVersions {
  readonly #definitions: CustomDefinitions;
  /** Asked where versions do not just have the same fields. */
  readonly conversion: VersionConversion | undefined;
  #trusted: number;

  /** Objects of revisions up to `revision` may be out of date. */
  constructor(
    definitions: CustomDefinitions,
    revision: number,
    conversion: VersionConversion | undefined,
  ) {
    this.#definitions = definitions;
    this.#trusted = revision;
    this.conversion = conversion;
  }

  /** Objects of these revisions, too, may be out of date. */
  distrust(revision: number): void {
    this.#trusted = Math.max(this.#trusted, revision);
  }

  /** What is defined as this version, served or not. */
  find(version: string): ResourceDefinition | undefined {
    return this.#definitions.versions.get(version);
  }

  isCurrent(revision: number): boolean {
    return revision > this.#trusted;
  }

  /**
   * The object, which is changed, as the schema of now has it: of the stored version, or still of its own where
   * somebody must be asked to convert it.
   */
  current(object: KubeObject): KubeObject {
    const { stored } = this.#definitions;
    const version = this.#versionOf(object);
    version.custom?.coerce(asJson(object));
    version.applyDefaults(object);
    return this.conversion === undefined ? convertObject(object, version, stored) : object;
  }

  /** How an object is encoded that is still of its own version. */
  encodingOf(object: KubeObject): ObjectEncoding {
    return new ObjectEncoding(this.#versionOf(object));
  }

  #versionOf({ apiVersion = "" }: KubeObject) {
    const { stored, versions } = this.#definitions;
    return versions.get(apiVersion.slice(apiVersion.indexOf("/") + 1)) ?? stored;
  }
}
