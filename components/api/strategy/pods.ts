import type { CertificateSigningRequest, Namespace, Pod } from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import type { FieldError } from "../resource_definition.ts";
import { validateSigningStatus } from "../validation/certificates.ts";
import { Errors } from "../validation/errors.ts";
import { validateMetadataUpdate } from "../validation/metadata.ts";
import { Path } from "../validation/path.ts";
import { qosClassOf } from "../qos_class.ts";
import { validatePod, validatePodStatusUpdate } from "../validation/pod/pod.ts";
import {
  podAnnotationWarnings,
  podNameWarnings,
  podSpecWarnings,
} from "../validation/warnings/pods.ts";
import { validateResize } from "../validation/pod/resize.ts";
import { validatePodSpec } from "../validation/pod/spec.ts";
import { validateEphemeralUpdate, validatePodSpecUpdate } from "../validation/pod/update.ts";
import { mergeLabelKeys } from "./label_keys.ts";
import { type Body, restore, rules } from "./rules.ts";

const GATED = "Scheduling is blocked due to non-empty scheduling gates";

export const POD_RULES = rules<Pod>({
  generation: ["spec"],
  returnsDeleted: true,
  status: (pod) => ({
    phase: "Pending",
    qosClass: qosClassOf(pod),
    ...((pod.spec?.schedulingGates?.length ?? 0) === 0 ? {} : {
      conditions: [{
        type: "PodScheduled",
        status: "False",
        reason: "SchedulingGated",
        message: GATED,
      }],
    }),
  }),
  create(pod, errors) {
    validatePod(pod, errors);
    // They have a door of their own.
    if ((pod.spec?.ephemeralContainers?.length ?? 0) > 0) {
      errors.forbidden(Path.of("spec", "ephemeralContainers"), "cannot be set on create");
    }
  },
  prepareCreate: mergeLabelKeys,
  // Only of new pods: what changes pods is no human, and often.
  warnings: ({ metadata, spec }, previous) =>
    previous !== undefined ? [] : [
      ...podNameWarnings(metadata?.name ?? ""),
      ...podAnnotationWarnings(metadata, Path.of("metadata"), spec),
      ...podSpecWarnings(spec, Path.of("spec")),
    ],
  update(next, previous, errors) {
    validatePodSpecUpdate(next, previous, errors);
  },
  prepareStatus(next, previous) {
    const metadata = next.metadata ??= {};
    const before = previous.metadata ?? {};
    // The kubelet's view may be older than a deletion or an adoption.
    for (
      const member of [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "ownerReferences",
      ] as const
    ) {
      restore(metadata as Body, before as Body, member);
    }
    const qosClass = previous.status?.qosClass;
    if (next.status !== undefined && !next.status.qosClass && qosClass !== undefined) {
      next.status.qosClass = qosClass;
    }
  },
  statusUpdate: validatePodStatusUpdate,
  grace({ spec, status }) {
    // What does not run has nothing to end.
    if (!spec?.nodeName || status?.phase === "Succeeded" || status?.phase === "Failed") return 0;
    const seconds = spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
});

/** The rules of a subresource that changes its object by other rules than the main resource and `status`. */
export interface SubresourceStrategy {
  prepareForUpdate(next: KubeObject, previous: KubeObject): void;
  validateUpdate(next: KubeObject, previous: KubeObject): FieldError[];
}

/** Everything but the named members of the spec stays what it was. */
function onlySpec(next: Body, previous: Body, take: (spec: Body, sent: Body) => void): void {
  const sent = (next["spec"] ?? {}) as Body;
  const spec = structuredClone((previous["spec"] ?? {}) as Body);
  take(spec, sent);
  for (const member of Object.keys(next)) {
    if (member !== "metadata") restore(next, previous, member);
  }
  next["spec"] = spec;
  const generation = previous.metadata?.generation;
  const metadata = next.metadata ??= {};
  if (generation !== undefined) {
    const same = JSON.stringify(spec) === JSON.stringify(previous["spec"]);
    metadata.generation = same ? generation : generation + 1;
  }
}

const EPHEMERAL: SubresourceStrategy = {
  prepareForUpdate(next: Body, previous: Body) {
    onlySpec(next, previous, (spec, sent) => restore(spec, sent, "ephemeralContainers"));
  },
  validateUpdate(next, previous) {
    const errors = new Errors();
    validateMetadataUpdate(next, previous, errors);
    validatePodSpec((next as Pod).spec, Path.of("spec"), errors);
    validateEphemeralUpdate(next as Pod, previous as Pod, errors);
    return errors.list;
  },
};

interface Sized {
  name?: string;
  resources?: unknown;
  resizePolicy?: unknown;
}

/** Takes over what the client asks for of a member; what it leaves out is asked for to go. */
function take(from: Body, to: Body, member: string): void {
  if (from[member] === undefined) delete to[member];
  else to[member] = from[member];
}

const RESIZE: SubresourceStrategy = {
  prepareForUpdate(next: Body, previous: Body) {
    onlySpec(next, previous, (spec, sent) => {
      if (sent["resources"] !== undefined || spec["resources"] !== undefined) {
        take(sent, spec, "resources");
      }
      for (const member of ["containers", "initContainers"]) {
        const wanted = (sent[member] ?? []) as Sized[];
        const held = (spec[member] ?? []) as Sized[];
        const names = (list: Sized[]) => JSON.stringify(list.map(({ name = "" }) => name));
        // Other containers, or another order, is for the rules to refuse.
        if (names(wanted) !== names(held)) {
          if (sent[member] !== undefined) spec[member] = sent[member];
          continue;
        }
        for (const [i, container] of held.entries()) {
          const size = wanted[i] as unknown as Body;
          for (const own of ["resources", "resizePolicy"]) {
            take(size, container as unknown as Body, own);
          }
        }
      }
    });
  },
  validateUpdate(next, previous) {
    const errors = new Errors();
    validateMetadataUpdate(next, previous, errors);
    validateResize(next as Pod, previous as Pod, errors);
    return errors.list;
  },
};

const FINALIZE: SubresourceStrategy = {
  prepareForUpdate(next: Body, previous: Body) {
    restore(next, previous, "status");
  },
  validateUpdate(next, previous) {
    const errors = new Errors();
    validateMetadataUpdate(next, previous, errors);
    for (const [i, finalizer] of ((next as Namespace).spec?.finalizers ?? []).entries()) {
      if (finalizer === "") errors.required(Path.of("spec", "finalizers").at(i));
    }
    return errors.list;
  },
};

/** An approval changes only what was decided. */
const APPROVAL: SubresourceStrategy = {
  prepareForUpdate(next: Body, previous: Body) {
    const { conditions } = (next as CertificateSigningRequest).status ?? {};
    restore(next, previous, "spec");
    const { conditions: _, ...rest } = (previous as CertificateSigningRequest).status ?? {};
    next["status"] = { ...rest, ...(conditions === undefined ? {} : { conditions }) };
  },
  validateUpdate(next, previous) {
    const errors = new Errors();
    validateMetadataUpdate(next, previous, errors);
    validateSigningStatus(
      next as CertificateSigningRequest,
      previous as CertificateSigningRequest,
      errors,
      "approval",
    );
    return errors.list;
  },
};

/** By `group/Kind/subresource`. */
export const SUBRESOURCE_STRATEGIES: Readonly<Record<string, SubresourceStrategy>> = {
  "/Pod/ephemeralcontainers": EPHEMERAL,
  "/Pod/resize": RESIZE,
  "/Namespace/finalize": FINALIZE,
  "certificates.k8s.io/CertificateSigningRequest/approval": APPROVAL,
};
