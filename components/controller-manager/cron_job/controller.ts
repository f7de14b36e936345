import { hasReason } from "../../base/mod.ts";
import { CRON_JOBS, type CronJobStatus, type Job, JOBS } from "../../api/mod.ts";
import { type Controller, recorderOf, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { BY_OWNER } from "../informers.ts";
import { controllerOf } from "../ownership.ts";
import { errorText, isNamespaceTerminating } from "../pod_template.ts";
import { isOver, planCronJob } from "./plan.ts";

/** Starts Jobs when their time comes. */
export const cronJobController: Controller = {
  name: "cronjob-controller",
  aliases: ["cronjob"],
  start(context) {
    const { client, clock } = context;
    const crons = context.informers.of(CRON_JOBS);
    const jobs = context.informers.of(JOBS);
    const events = recorderOf(context, "cronjob-controller");
    const jobWrites = new Expectations();
    const statusWrites = new Expectations();
    const remove = async (key: string, job: Job) => {
      const { name = "", namespace = "", uid = "" } = job.metadata ?? {};
      await client.delete(JOBS, name, { namespace, uid, propagationPolicy: "Background" })
        .catch((error) => {
          if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) throw error;
        });
      jobWrites.deleted(key, job, clock.now());
    };
    const loop = runLoop(context, {
      name: "cronjob",
      needs: [crons, jobs],
      workers: 5,
      reconcile: async (key): Promise<number | void> => {
        const cron = crons.get(key);
        if (cron === undefined) {
          jobWrites.forget(key);
          return statusWrites.forget(key);
        }
        if (!jobWrites.met(key, jobs, clock.now())) return;
        if (!statusWrites.met(key, crons, clock.now())) return;
        const mine = jobs.byIndex(BY_OWNER, cron.metadata?.uid ?? "");
        const plan = planCronJob(cron, mine, clock.now());
        for (const { type, reason, message } of plan.events) {
          if (type === "Normal") events.normal(cron, reason, message);
          else events.warning(cron, reason, message);
        }
        for (const job of [...plan.forget, ...plan.replace]) {
          await remove(key, job);
          events.normal(cron, "SuccessfulDelete", `Deleted job ${job.metadata?.name}`);
        }
        let status: CronJobStatus = plan.status;
        if (plan.create !== undefined) {
          try {
            const created = await client.create<Job>(JOBS, plan.create);
            jobWrites.wrote(key, created, clock.now());
            const { name = "", namespace = "", uid = "", resourceVersion = "" } =
              created.metadata ?? {};
            events.normal(cron, "SuccessfulCreate", `Created job ${name}`);
            const reference = {
              apiVersion: "batch/v1",
              kind: "Job",
              name,
              namespace,
              uid,
              resourceVersion,
            };
            status = { ...status, active: [...status.active ?? [], reference] };
          } catch (error) {
            if (isNamespaceTerminating(error)) return;
            if (!hasReason(error, "AlreadyExists")) {
              events.warning(cron, "FailedCreate", `Error creating job: ${errorText(error)}`);
              throw error;
            }
          }
        }
        if (status !== cron.status) {
          const written = await client.update(CRON_JOBS, { ...cron, status }, {
            subresource: "status",
          });
          statusWrites.wrote(key, written, clock.now());
        }
        return plan.again;
      },
    });
    crons.onChange(({ key }) => loop.queue.add(key));
    jobs.onChange(({ current, previous }) => {
      const job = current ?? previous;
      const owner = job === undefined ? undefined : controllerOf(job);
      if (owner?.kind !== "CronJob") return;
      // How a job fares until its end is no news here.
      const isNews = current === undefined || previous === undefined || isOver(current);
      if (isNews) loop.queue.add(`${job!.metadata?.namespace ?? ""}/${owner.name}`);
    });
    return loop;
  },
};
