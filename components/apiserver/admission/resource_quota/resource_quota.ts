import { type Clock, hasReason, internalError } from "../../../base/mod.ts";
import { isTerminating, type PersistentVolumeClaim, type Pod } from "../../../api/served.ts";
import type { ResourceQuota } from "../../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader, ObjectWriter } from "../../ports.ts";
import { rejected } from "../target.ts";
import { checkQuotas } from "./check.ts";
import type { LimitedResource } from "./configuration.ts";

/** Writes of one namespace that wait to be charged. */
const WAITING_MAXIMUM_REQUESTS = 10_000;
/** How often usage is charged anew because somebody else wrote the same quota. */
const CONFLICTS_MAXIMUM = 10;
const IGNORED = new Set(["events.", "events.events.k8s.io"]);

export interface ResourceQuotaOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly limited?: readonly LimitedResource[];
}

interface Waiting {
  readonly request: AdmissionRequest;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Charges what a write uses to the quotas of its namespace, in their status, before it is stored. Writes of one
 * namespace that come together share one change of each quota; that change names the revision it is made from, so
 * that several servers never go over a limit together. What is charged for a write that then fails, the controller
 * gives back.
 */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = "ResourceQuota";
  readonly #options: ResourceQuotaOptions;
  readonly #limited: readonly LimitedResource[];
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(options: ResourceQuotaOptions) {
    this.#options = options;
    this.#limited = options.limited ?? [];
  }

  handles({ operation, namespace, definition, subresource, ...rest }: AdmissionRequest): boolean {
    if (namespace === "" || !definition.namespaced) return false;
    if (operation !== "CREATE" && operation !== "UPDATE") return false;
    const resource = `${definition.plural}.${definition.group}`;
    if (IGNORED.has(resource)) return false;
    if (operation === "CREATE") return subresource === "";
    switch (resource) {
      case "pods.":
        return subresource === "resize" ||
          (subresource === "" &&
            isTerminating(rest.object as Pod) !== isTerminating(rest.oldObject as Pod));
      case "services.":
      case "resourceclaims.resource.k8s.io":
        return subresource === "";
      case "persistentvolumeclaims.":
        return subresource === "" ||
          (subresource === "status" &&
            changesCharge(rest.oldObject as PersistentVolumeClaim, rest.object));
      default:
        return false;
    }
  }

  validate(request: AdmissionRequest): void | Promise<void> {
    if (this.#limited.length === 0 && this.#quotas(request.namespace).length === 0) return;
    return new Promise((resolve, reject) => {
      const { namespace } = request;
      const queue = this.#waiting.get(namespace);
      if (queue === undefined) {
        this.#waiting.set(namespace, [{ request, resolve, reject }]);
        this.#work(namespace).catch(reject);
      } else if (queue.length >= WAITING_MAXIMUM_REQUESTS) {
        reject(internalError("resource quota evaluation timed out"));
      } else {
        queue.push({ request, resolve, reject });
      }
    });
  }

  #quotas(namespace: string): ResourceQuota[] {
    return this.#options.reader.list<ResourceQuota>("", "resourcequotas", namespace);
  }

  async #work(namespace: string): Promise<void> {
    for (;;) {
      const batch = this.#waiting.get(namespace) ?? [];
      if (batch.length === 0) break;
      this.#waiting.set(namespace, []);
      try {
        await this.#charge(namespace, batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#waiting.delete(namespace);
  }

  async #charge(namespace: string, batch: readonly Waiting[]): Promise<void> {
    const { reader, writer } = this.#options;
    let open = batch;
    let only: ReadonlySet<string> | undefined;
    for (let tries = 0; open.length > 0; tries++) {
      await reader.fresh("", "resourcequotas");
      const before = this.#quotas(namespace)
        .filter(({ metadata }) => only === undefined || only.has(metadata?.name ?? ""));
      const { after, pending } = this.#decide(open, before);
      const failed = new Set<string>();
      let problem: unknown;
      for (const [name, quota] of after) {
        try {
          await writer.update("", "resourcequotas", quota, "status");
        } catch (error) {
          if (hasReason(error, "NotFound")) continue;
          failed.add(name);
          problem = error;
        }
      }
      if (failed.size === 0) {
        for (const { resolve } of pending) resolve();
        return;
      }
      if (tries >= CONFLICTS_MAXIMUM || !hasReason(problem, "Conflict")) throw problem;
      // What the other quotas were charged stands: only those that changed meanwhile are asked again.
      only = failed;
      open = pending;
    }
  }

  /** Answers who is refused or uses nothing; the others wait for the quotas as they are to become. */
  #decide(
    batch: readonly Waiting[],
    before: readonly ResourceQuota[],
  ): { after: ReadonlyMap<string, ResourceQuota>; pending: Waiting[] } {
    let quotas = before;
    const after = new Map<string, ResourceQuota>();
    const pending: Waiting[] = [];
    const now = this.#options.clock.now();
    for (const waiting of batch) {
      const { request } = waiting;
      const { operation, definition: { group, plural }, subresource, oldObject } = request;
      const question = {
        operation,
        group,
        plural,
        subresource,
        object: request.object ?? {},
        oldObject,
      };
      const outcome = checkQuotas(question, quotas, this.#limited, now);
      if ("refused" in outcome) {
        waiting.reject(rejected(request, outcome.refused));
      } else if (request.dryRun || outcome.changed.length === 0) {
        waiting.resolve();
      } else {
        pending.push(waiting);
        for (const quota of outcome.changed) after.set(quota.metadata?.name ?? "", quota);
        quotas = quotas.map((quota) => after.get(quota.metadata?.name ?? "") ?? quota);
      }
    }
    return { after, pending };
  }
}

/** A claim's status is charged when it says that more was allocated, or another class. */
function changesCharge(before: PersistentVolumeClaim, object: unknown): boolean {
  const facts = ({ status }: PersistentVolumeClaim) =>
    JSON.stringify([
      status?.allocatedResources?.["storage"],
      status?.currentVolumeAttributesClassName,
      status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
    ]);
  return facts(before) !== facts(object as PersistentVolumeClaim);
}
