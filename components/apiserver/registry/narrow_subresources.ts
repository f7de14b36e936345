import { cloneJson, equalJson } from "../../base/mod.ts";
import type {
  CertificateSigningRequest,
  FieldError,
  KubeObject,
  Namespace,
  Pod,
} from "../../api/mod.ts";

/** A subresource through which one part of an object is written and nothing else. */
export interface NarrowSubresource {
  /** Puts back everything but that part, in place. */
  restrict(next: KubeObject, previous: KubeObject): void;
  validate(next: KubeObject, previous: KubeObject): FieldError[];
}

const NARROW: Readonly<Record<string, NarrowSubresource>> = {
  finalize: {
    restrict(next, previous) {
      const finalizers = (next as Namespace).spec?.finalizers;
      replace(next, previous);
      const namespace = next as Namespace;
      namespace.spec = { ...namespace.spec, finalizers: finalizers ?? [] };
    },
    validate: () => [],
  },
  approval: {
    restrict(next, previous) {
      const conditions = (next as CertificateSigningRequest).status?.conditions;
      const labels = next.metadata;
      replace(next, previous);
      const request = next as CertificateSigningRequest;
      request.metadata = { ...previous.metadata, ...labels };
      request.status = { ...request.status, ...(conditions === undefined ? {} : { conditions }) };
    },
    validate: () => [],
  },
  ephemeralcontainers: {
    restrict(next, previous) {
      const containers = (next as Pod).spec?.ephemeralContainers;
      replace(next, previous);
      const pod = next as Pod;
      pod.spec = {
        ...pod.spec,
        ...(containers === undefined ? {} : { ephemeralContainers: containers }),
      };
      nextGeneration(next, previous);
    },
    validate: (next, previous) => ephemeralErrors(next as Pod, previous as Pod),
  },
  // The binding itself makes the object; nothing of it is the caller's.
  binding: { restrict: () => {}, validate: () => [] },
};

export function narrowSubresource(name: string): NarrowSubresource | undefined {
  return NARROW[name];
}

/** Makes `next` a copy of `previous`, but keeps the managed fields and the revision that the caller sent. */
function replace(next: KubeObject, previous: KubeObject): void {
  const managed = next.metadata?.managedFields;
  const members = next as Record<string, unknown>;
  for (const key of Object.keys(members)) delete members[key];
  Object.assign(members, cloneJson(previous));
  if (next.metadata !== undefined && managed !== undefined) next.metadata.managedFields = managed;
}

function nextGeneration(next: KubeObject, previous: KubeObject): void {
  const current = previous.metadata?.generation;
  if (current === undefined || next.metadata === undefined) return;
  const same = equalJson((next as Pod).spec, (previous as Pod).spec);
  next.metadata.generation = same ? current : current + 1;
}

function ephemeralErrors(next: Pod, previous: Pod): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set(
    [...next.spec?.containers ?? [], ...next.spec?.initContainers ?? []].map((container) =>
      container.name
    ),
  );
  const old = new Map((previous.spec?.ephemeralContainers ?? []).map((item) => [item.name, item]));
  (next.spec?.ephemeralContainers ?? []).forEach((container, i) => {
    const at = `spec.ephemeralContainers[${i}]`;
    const error = (field: string, reason: string, message: string) =>
      errors.push({ field: `${at}${field}`, reason, message });
    const { name = "", image = "", targetContainerName } = container;
    if (name === "") error(".name", "FieldValueRequired", "Required value");
    else if (names.has(name)) error(".name", "FieldValueDuplicate", `Duplicate value: "${name}"`);
    if (image === "") error(".image", "FieldValueRequired", "Required value");
    if (
      targetContainerName !== undefined && targetContainerName !== "" &&
      !names.has(targetContainerName)
    ) {
      error(".targetContainerName", "FieldValueNotFound", `Not found: "${targetContainerName}"`);
    }
    const before = old.get(name);
    if (before !== undefined && !equalJson(before, container)) {
      error(
        "",
        "FieldValueForbidden",
        "Forbidden: existing ephemeral containers may not be changed",
      );
    }
    old.delete(name);
    names.add(name);
  });
  for (const name of old.keys()) {
    errors.push({
      field: "spec.ephemeralContainers",
      reason: "FieldValueForbidden",
      message: `Forbidden: existing ephemeral containers "${name}" may not be removed`,
    });
  }
  return errors;
}
