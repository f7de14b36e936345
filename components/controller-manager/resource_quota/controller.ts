import { equalJson } from "../../base/mod.ts";
import {
  compareQuantity,
  isMeasured,
  type KubeObject,
  PERSISTENT_VOLUME_CLAIMS,
  type Pod,
  quotaResource,
  quotaUsage,
  RESOURCE_CLAIMS,
  RESOURCE_QUOTAS,
  type ResourceClaim,
  type ResourceQuota,
  SERVICES,
  tryParseQuantity,
} from "../../api/mod.ts";
import { Informer, objectKey, splitKey } from "../../reconcile/mod.ts";
import { type Controller, type ControllerContext, runLoop } from "../controller.ts";
import { discover } from "../discovery.ts";
import { BY_NAMESPACE } from "../informers.ts";
import { MetadataClient } from "../metadata_client.ts";

const RESYNC_MILLISECONDS = 300_000;
/** Many objects that change together are counted once. */
const BATCH_MILLISECONDS = 100;
const UNKNOWN_RETRY_MILLISECONDS = 30_000;
const DEVICES = "resourceclaims.resource.k8s.io";

/** Keeps in the status of every ResourceQuota how much of it is used. */
export const resourceQuotaController: Controller = {
  name: "resourcequota-controller",
  aliases: ["resourcequota"],
  start(context) {
    const { client, clock } = context;
    const quotas = context.informers.of(RESOURCE_QUOTAS);
    const pods = context.informers.pods();
    const services = context.informers.of(SERVICES);
    const claims = context.informers.of(PERSISTENT_VOLUME_CLAIMS);
    const touch = (namespace: string) => {
      for (const quota of quotas.byIndex(BY_NAMESPACE, namespace)) {
        loop.queue.addAfter(objectKey(quota), BATCH_MILLISECONDS);
      }
    };
    const counters = new Counters(context, touch);
    let deviceInformer: Informer<ResourceClaim> | undefined;
    // Followed once the first quota asks for devices.
    const deviceClaims = () => {
      if (deviceInformer !== undefined) return deviceInformer;
      deviceInformer = context.informers.of(RESOURCE_CLAIMS);
      deviceInformer.onChange(({ key }) => touch(splitKey(key).namespace));
      return deviceInformer;
    };
    const loop = runLoop(context, {
      name: "resourcequota",
      needs: [quotas, pods, services, claims],
      workers: 5,
      reconcile: async (key): Promise<number | void> => {
        const quota = quotas.get(key);
        if (quota === undefined) return;
        const { namespace } = splitKey(key);
        const names = Object.keys(quota.spec?.hard ?? {});
        const resources = names.map(quotaResource).filter((one) => one !== undefined);
        const known = await counters.follow(resources.filter((one) => !isMeasured(one)));
        const devices = resources.includes(DEVICES) ? deviceClaims() : undefined;
        await devices?.synced();
        const measured: Record<string, Informer<KubeObject> | undefined> = {
          pods,
          services,
          persistentvolumeclaims: claims,
          [DEVICES]: devices,
        };
        const used = quotaUsage(quota, {
          objects: (resource) => measured[resource]?.byIndex(BY_NAMESPACE, namespace) ?? [],
          count: (resource) => counters.count(resource, namespace),
        }, clock.now());
        const hard = quota.spec?.hard ?? {};
        if (!sameAmounts(quota.status?.hard, hard) || !sameAmounts(quota.status?.used, used)) {
          await client.update<ResourceQuota>(
            RESOURCE_QUOTAS,
            { ...quota, status: { hard, used } },
            { subresource: "status" },
          );
        }
        return known ? RESYNC_MILLISECONDS : UNKNOWN_RETRY_MILLISECONDS;
      },
    });
    quotas.onChange(({ key, current, previous }) => {
      if (current === undefined) return;
      const isOurs = equalJson(current.spec, previous?.spec) &&
        equalJson(current.status?.hard, current.spec?.hard);
      if (!isOurs) loop.queue.add(key);
    });
    pods.onChange(({ key, current, previous }) => {
      if (chargedFor(current) !== chargedFor(previous)) touch(splitKey(key).namespace);
    });
    services.onChange(({ key }) => touch(splitKey(key).namespace));
    claims.onChange(({ key }) => touch(splitKey(key).namespace));
    return loop;
  },
};

/** What of a pod a quota looks at, as far as it can change. */
function chargedFor(pod: Pod | undefined): string {
  if (pod === undefined) return "";
  const { spec, status, metadata } = pod;
  const statuses = [...status?.containerStatuses ?? [], ...status?.initContainerStatuses ?? []];
  return JSON.stringify([
    status?.phase,
    metadata?.deletionTimestamp,
    spec?.activeDeadlineSeconds,
    spec?.resources,
    [...spec?.containers ?? [], ...spec?.initContainers ?? []].map(({ resources }) => resources),
    statuses.map(({ resources, allocatedResources }) => [resources, allocatedResources]),
  ]);
}

function sameAmounts(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(b);
  if (Object.keys(a ?? {}).length !== keys.length) return false;
  return keys.every((key) => {
    const [left, right] = [tryParseQuantity(a?.[key] ?? ""), tryParseQuantity(b[key]!)];
    return left !== undefined && right !== undefined && compareQuantity(left, right) === 0;
  });
}

/** Names of objects of the resources that some quota counts: only those are watched, and only their metadata. */
class Counters {
  readonly #context: ControllerContext;
  readonly #metadata: MetadataClient;
  readonly #touch: (namespace: string) => void;
  readonly #informers = new Map<
    string,
    Informer<KubeObject, { metadata: { namespace: string } }>
  >();

  constructor(context: ControllerContext, touch: (namespace: string) => void) {
    this.#context = context;
    this.#metadata = new MetadataClient(context.client);
    this.#touch = touch;
  }

  /** Watches the resources; false where one of them is not served. */
  async follow(names: readonly string[]): Promise<boolean> {
    const missing = names.filter((name) => !this.#informers.has(name));
    if (missing.length === 0) return true;
    const { resources } = await discover(this.#context.client);
    let complete = true;
    for (const name of missing) {
      const type = resources.find(({ group, resource }) =>
        name === (group === "" ? resource : `${resource}.${group}`)
      );
      if (type === undefined || !type.verbs.includes("watch")) {
        complete = false;
        continue;
      }
      const informer = new Informer<KubeObject, { metadata: { namespace: string } }>({
        client: this.#metadata,
        clock: this.#context.clock,
        logger: this.#context.logger,
        type,
        project: ({ metadata }) => ({ metadata: { namespace: metadata?.namespace ?? "" } }),
        indexers: { [BY_NAMESPACE]: ({ metadata }) => [metadata.namespace] },
      }).start(this.#context.signal);
      this.#informers.set(name, informer);
      informer.onChange(({ key, current, previous }) => {
        if (current === undefined || previous === undefined) this.#touch(splitKey(key).namespace);
      });
    }
    await Promise.all(names.map((name) => this.#informers.get(name)?.synced()));
    return complete;
  }

  count(name: string, namespace: string): number | undefined {
    return this.#informers.get(name)?.byIndex(BY_NAMESPACE, namespace).length;
  }
}
