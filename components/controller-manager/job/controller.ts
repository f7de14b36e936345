import { hasReason } from "../../base/mod.ts";
import { type Job, JOBS, type Pod, PODS } from "../../api/mod.ts";
import {
  type Change,
  type ControlLoop,
  type EventRecorder,
  type Informer,
  objectKey,
} from "../../reconcile/mod.ts";
import {
  type Controller,
  type ControllerContext,
  recorderOf,
  runLoop,
  type Running,
  together,
} from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { BY_NAMESPACE, BY_OWNER, ORPHANS } from "../informers.ts";
import { concernedKeys } from "../owner_keys.ts";
import { controllerOf, executeClaims, planClaims } from "../ownership.ts";
import { isActive } from "../pod_state.ts";
import { errorText, isNamespaceTerminating } from "../pod_template.ts";
import { selectorOf } from "../selectors.ts";
import { eachOf, slowStart } from "../slow_start.ts";
import { isTracked, jobPod, TRACKING } from "./job_pod.ts";
import { type FailureStreak, type JobPlan, planJob } from "./plan.ts";

const MANAGER = "kubernetes.io/job-controller";
const NO_FAILURES: FailureStreak = { failures: 0, lastAt: 0 };

/** Runs pods until as many as a Job asks for have succeeded, or too many have failed. */
export const jobController: Controller = {
  name: "job-controller",
  aliases: ["job"],
  start: (context) => new JobRunner(context).start(),
};

class JobRunner {
  readonly #context: ControllerContext;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  readonly #podWrites = new Expectations();
  /** The status carries counts: planning on an old one would count again. */
  readonly #statusWrites = new Expectations();
  readonly #streaks = new Map<string, FailureStreak>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#jobs = context.informers.of(JOBS);
    this.#pods = context.informers.pods();
    this.#events = recorderOf(context, "job-controller");
  }

  start(): Running {
    const loop = runLoop(this.#context, {
      name: "job",
      needs: [this.#jobs, this.#pods],
      workers: 5,
      retry: { initialMilliseconds: 20, maximumMilliseconds: 60_000 },
      reconcile: (key) => this.#reconcile(key),
    });
    const orphans = runLoop(this.#context, {
      name: "job-orphans",
      needs: [this.#jobs, this.#pods],
      reconcile: (key) => this.#releaseOrphan(key),
    });
    this.#jobs.onChange(({ key, current }) => {
      loop.queue.add(key);
      if (current !== undefined) return;
      // Its pods may have been waiting for it to count them.
      for (const pod of this.#pods.byIndex(BY_NAMESPACE, key.slice(0, key.indexOf("/")))) {
        if (isTracked(pod)) orphans.queue.add(objectKey(pod));
      }
    });
    this.#pods.onChange((change) => this.#podChanged(loop, orphans, change));
    return together(loop, orphans);
  }

  #podChanged(loop: ControlLoop, orphans: ControlLoop, change: Change<Pod>): void {
    const { key, current } = change;
    const owners = { kind: "Job", informer: this.#jobs, selectorOf };
    for (const concerned of concernedKeys(change, owners)) loop.queue.add(concerned);
    if (current === undefined || !isTracked(current)) return;
    const owner = controllerOf(current);
    const job = this.#jobs.get(`${current.metadata?.namespace}/${owner?.name}`);
    if (owner === undefined || job?.metadata?.uid !== owner.uid) orphans.queue.add(key);
  }

  /** A pod that no job will count must not be held by the finalizer. */
  async #releaseOrphan(key: string): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined || !isTracked(pod)) return;
    const owner = controllerOf(pod);
    if (owner?.kind === "Job") {
      const job = await this.#context.client.find(JOBS, owner.name, pod.metadata?.namespace);
      if (job?.metadata?.uid === owner.uid) return;
    }
    await this.#untrack(pod);
  }

  async #reconcile(key: string): Promise<number | void> {
    const job = this.#jobs.get(key);
    if (job === undefined) {
      this.#podWrites.forget(key);
      this.#statusWrites.forget(key);
      this.#streaks.delete(key);
      return;
    }
    if ((job.spec?.managedBy ?? MANAGER) !== MANAGER) return;
    const { client, clock } = this.#context;
    const now = clock.now();
    if (!this.#podWrites.met(key, this.#pods, now)) return;
    if (!this.#statusWrites.met(key, this.#jobs, now)) return;
    const pods = await this.#podsOf(job);
    const plan = planJob(job, pods, this.#streaks.get(key) ?? NO_FAILURES, clock.now());
    if (plan.status !== undefined) {
      const next = { ...job, status: plan.status };
      const written = await client.update(JOBS, next, { subresource: "status" });
      this.#statusWrites.wrote(key, written, clock.now());
    }
    this.#streaks.set(key, plan.streak);
    for (const { type, reason, message } of plan.events) {
      if (type === "Normal") this.#events.normal(job, reason, message);
      else this.#events.warning(job, reason, message);
    }
    await this.#executePods(key, job, plan);
    return plan.again;
  }

  async #podsOf(job: Job): Promise<Pod[]> {
    const owned = this.#pods.byIndex(BY_OWNER, job.metadata?.uid ?? "");
    if (job.spec?.selector === undefined) return owned;
    const orphans = this.#pods.byIndex(ORPHANS, job.metadata?.namespace ?? "").filter(isActive);
    const claims = planClaims(job, selectorOf(job), [...owned, ...orphans]);
    return await executeClaims(this.#context.client, job, JOBS, PODS, claims);
  }

  async #executePods(key: string, job: Job, plan: JobPlan): Promise<void> {
    const { client, clock } = this.#context;
    const untracked = await eachOf(plan.untrack, async (pod) => {
      const written = await this.#untrack(pod);
      if (written !== undefined) this.#podWrites.wrote(key, written, clock.now());
    });
    const removed = await eachOf(plan.remove, async (pod) => {
      const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
      if (plan.removeUncounted && isTracked(pod)) await this.#untrack(pod);
      try {
        await client.delete(PODS, name, { namespace, uid });
        this.#events.normal(job, "SuccessfulDelete", `Deleted pod: ${name}`);
      } catch (error) {
        if (!hasReason(error, "NotFound") && !hasReason(error, "Conflict")) {
          this.#events.warning(job, "FailedDelete", `Error deleting: ${errorText(error)}`);
          throw error;
        }
      }
      this.#podWrites.deleted(key, pod, clock.now());
    });
    const created = await slowStart(plan.create.length, async (i) => {
      const { index, failures } = plan.create[i]!;
      try {
        const pod = await client.create<Pod>(PODS, jobPod(job, index, failures));
        this.#podWrites.wrote(key, pod, clock.now());
        this.#events.normal(job, "SuccessfulCreate", `Created pod: ${pod.metadata?.name ?? ""}`);
      } catch (error) {
        if (!isNamespaceTerminating(error)) {
          this.#events.warning(job, "FailedCreate", `Error creating: ${errorText(error)}`);
        }
        throw error;
      }
    });
    const error = untracked.error ?? removed.error ?? created.error;
    if (error !== undefined && !isNamespaceTerminating(error)) throw error;
  }

  /** Takes the finalizer off; undefined where the pod is gone. */
  async #untrack(pod: Pod): Promise<Pod | undefined> {
    const { name = "", namespace = "", uid } = pod.metadata ?? {};
    try {
      return await this.#context.client.patch(PODS, name, {
        metadata: { uid, "$deleteFromPrimitiveList/finalizers": [TRACKING] },
      }, { type: "strategic", namespace });
    } catch (error) {
      if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) return undefined;
      throw error;
    }
  }
}
