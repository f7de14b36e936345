import type { CustomDefinitions, KubeObject } from "../../api/mod.ts";
import { asJson } from "./encoding.ts";
import { convertObject } from "./conversion.ts";

/**
 * What lies in the store of a custom resource may be of another version, or of a schema of before. Such an object is
 * brought up to date when it is read; it is written anew only when somebody changes it.
 */
export class StoredVersions {
  readonly #definitions: CustomDefinitions;
  #trusted: number;

  /** Objects of revisions up to `revision` may be out of date. */
  constructor(definitions: CustomDefinitions, revision: number) {
    this.#definitions = definitions;
    this.#trusted = revision;
  }

  /** Objects of these revisions, too, may be out of date. */
  distrust(revision: number): void {
    this.#trusted = Math.max(this.#trusted, revision);
  }

  isCurrent(revision: number): boolean {
    return revision > this.#trusted;
  }

  /** The object, which is changed, as the stored version has it now. */
  current(object: KubeObject): KubeObject {
    const { stored, versions } = this.#definitions;
    const { apiVersion = "" } = object;
    const version = versions.get(apiVersion.slice(apiVersion.indexOf("/") + 1)) ?? stored;
    version.custom?.coerce(asJson(object));
    version.applyDefaults(object);
    return convertObject(object, version, stored);
  }
}
