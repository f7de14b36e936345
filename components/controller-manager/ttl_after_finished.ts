import { hasReason } from "../base/mod.ts";
import { type Job, JOBS } from "../api/mod.ts";
import { type Controller, runLoop } from "./controller.ts";
import { holds } from "./job/outcome.ts";
import { timeOf } from "./pod_state.ts";

/** When a finished job may go, in milliseconds since the epoch; undefined for one that stays. */
export function expiryOf(job: Job): number | undefined {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  const end = holds(job, "Complete") ?? holds(job, "Failed");
  if (seconds === undefined || end === undefined) return undefined;
  return timeOf(end.lastTransitionTime) + seconds * 1000;
}

/** Deletes finished jobs when their time to live is over. */
export const ttlAfterFinishedController: Controller = {
  name: "ttl-after-finished-controller",
  aliases: ["ttl-after-finished"],
  start(context) {
    const jobs = context.informers.of(JOBS);
    const loop = runLoop(context, {
      name: "ttl-after-finished",
      needs: [jobs],
      workers: 5,
      reconcile: async (key): Promise<number | void> => {
        const job = jobs.get(key);
        const expiry = job === undefined ? undefined : expiryOf(job);
        if (job?.metadata === undefined || expiry === undefined) return;
        if (job.metadata.deletionTimestamp !== undefined) return;
        const wait = expiry - context.clock.now();
        if (wait > 0) return wait;
        const { name = "", namespace = "", uid = "" } = job.metadata;
        try {
          await context.client.delete(JOBS, name, {
            namespace,
            uid,
            propagationPolicy: "Foreground",
          });
        } catch (error) {
          if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
        }
      },
    });
    jobs.onChange(({ key, current }) => {
      if (current !== undefined && expiryOf(current) !== undefined) loop.queue.add(key);
    });
    return loop;
  },
};
