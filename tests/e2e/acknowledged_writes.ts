/** Writers that keep account of what was acknowledged, so that it can be asked for after a crash. */
import assert from "node:assert/strict";
import { type Access, AnswerError, ApiClient } from "../bench/api_client.ts";
import { readKubeconfig } from "../bench/kubeconfig.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const LABEL = "acknowledged";

interface Made {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

/** Creates ConfigMaps from several connections until it is told that the server is gone. */
export class AcknowledgedWrites {
  /** Revision by name of all that the server has acknowledged, ever. */
  readonly #revisions = new Map<string, string>();
  readonly #kubeconfig: string;
  #sequence = 0;

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
  }

  get count(): number {
    return this.#revisions.size;
  }

  /**
   * Writes while `crash` does its work, which starts when the first is acknowledged. Connections may break by its last
   * act, not before; an answer that refuses is never expected.
   */
  async during(crash: () => Promise<unknown>, writers = 8): Promise<void> {
    const access = await readKubeconfig(this.#kubeconfig);
    const begun = Promise.withResolvers<void>();
    let over = false;
    const writing = Promise.all(
      Array.from({ length: writers }, () => this.#write(access, () => over, begun.resolve)),
    );
    writing.catch(begun.reject);
    try {
      await begun.promise;
      await crash();
    } finally {
      over = true;
      await writing;
    }
  }

  /** Everything acknowledged is there, unchanged, and the next revision is greater than all of them. */
  async verify(): Promise<void> {
    const client = new ApiClient(await readKubeconfig(this.#kubeconfig));
    try {
      const { items } = await client.json<{ items: Made[] }>("GET", MAPS);
      const found = new Map(
        items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
      );
      const lost = [...this.#revisions].filter(([name, revision]) => found.get(name) !== revision);
      assert.deepEqual(lost, [], `${lost.length} of ${this.count} acknowledged writes are lost`);
      const next = BigInt(await this.#create(client));
      for (const [name, revision] of found) assert.ok(BigInt(revision) < next, `${name} is older`);
    } finally {
      client.close();
    }
  }

  /** Removes what was written, so that a long run's lists stay short. */
  async forget(): Promise<void> {
    const client = new ApiClient(await readKubeconfig(this.#kubeconfig));
    try {
      await client.request("DELETE", `${MAPS}?labelSelector=${LABEL}`);
      this.#revisions.clear();
    } finally {
      client.close();
    }
  }

  async #write(access: Access, isOver: () => boolean, wrote: () => void): Promise<void> {
    const client = new ApiClient(access);
    try {
      while (!isOver()) {
        await this.#create(client);
        wrote();
      }
    } catch (error) {
      // Only a connection may break, and only by the crash: what was not answered by then was not acknowledged.
      if (error instanceof AnswerError || !isOver()) throw error;
    } finally {
      client.close();
    }
  }

  async #create(client: ApiClient): Promise<string> {
    const name = `map-${++this.#sequence}`;
    const body = JSON.stringify({ metadata: { name, labels: { [LABEL]: "" } }, data: { name } });
    const { metadata } = await client.json<Made>("POST", MAPS, body);
    this.#revisions.set(name, metadata.resourceVersion);
    return metadata.resourceVersion;
  }
}
