import type { Clock, Logger } from "../../base/mod.ts";
import type { KubeObject, ResourceType } from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { type Change, Informer } from "../../reconcile/mod.ts";
import type { ClusterEvent, EventResource } from "../queue/cluster_event.ts";

export interface FollowOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of every change after it was put; `before` and `after` are what was kept of the object. */
  onEvent(event: ClusterEvent): void;
}

/** Objects of several kinds as the API server has them: what a cache keeps of each, and events for the queue. */
export class FollowedObjects {
  readonly #options: FollowOptions;
  readonly #informers: { start(signal: AbortSignal): unknown; synced(): Promise<void> }[] = [];

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Follows a kind from `start` on: `put` keeps what `project` makes of an object. */
  follow<T extends KubeObject, P>(
    resource: EventResource,
    type: ResourceType<T>,
    project: (object: T) => P,
    put: (change: Change<P>) => void,
  ): void {
    const { client, clock, logger, onEvent } = this.#options;
    const informer = new Informer<T, P>({ client, clock, logger, type, project });
    informer.onChange((change) => {
      put(change);
      const { current: after, previous: before } = change;
      const action = before === undefined ? "Add" : after === undefined ? "Delete" : "Update";
      onEvent({
        resource,
        action,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      });
    });
    this.#informers.push(informer);
  }

  start(signal: AbortSignal): void {
    for (const informer of this.#informers) informer.start(signal);
  }

  /** Resolves when all of them are known. */
  async synced(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced()));
  }
}
