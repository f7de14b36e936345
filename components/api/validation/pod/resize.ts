import { cloneJson, equalJson } from "../../../base/mod.ts";
import type { Container, Pod, PodSpec, ResourceRequirements } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import { Path } from "../path.ts";
import { qosClassOf } from "../../qos_class.ts";
import { validatePodSpec } from "./spec.ts";

const SPEC = Path.of("spec");
const WHOLE = Path.of("");
const MIRROR = "kubernetes.io/config.mirror";
const RESIZED = ["cpu", "memory"];
const LISTS = ["initContainers", "containers"] as const;
const ONLY = "only cpu and memory resources are mutable";

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";

/** What `resize` may change: how much processor and memory containers, and the pod as a whole, have. */
export function validateResize(next: Pod, previous: Pod, errors: Errors): void {
  validatePodSpec(next.spec, SPEC, errors);
  if (previous.metadata?.annotations?.[MIRROR] !== undefined) {
    return errors.forbidden(WHOLE, "static pods cannot be resized");
  }
  if (previous.spec?.os?.name === "windows") {
    return errors.forbidden(WHOLE, "windows pods cannot be resized");
  }
  const [now, before] = [next.spec ?? {}, previous.spec ?? {}];
  if (qosClassOf(next) !== (previous.status?.qosClass ?? qosClassOf(previous))) {
    errors.invalid(
      SPEC,
      next.status?.qosClass ?? "",
      "Pod QOS Class may not change as a result of resizing",
    );
  }
  if (!isSupported(previous)) {
    errors.forbidden(SPEC, "Pod running on node without support for resize");
  }
  const ordered = LISTS.every((list) => {
    const [names, old] = [now[list] ?? [], before[list] ?? []].map((containers) =>
      containers.map(({ name }) => name)
    );
    if (equalJson(names, old)) return true;
    errors.forbidden(
      SPEC.child(list),
      names?.length === old?.length
        ? "containers may not be renamed or reordered on resize"
        : "pod updates may not add or remove containers",
    );
    return false;
  });
  if (!ordered) return;
  validateRemoved(now.resources, before.resources, SPEC.child("resources"), errors);
  for (const list of LISTS) {
    for (const [i, old] of (before[list] ?? []).entries()) {
      const at = SPEC.child(list).at(i).child("resources");
      const container = now[list]?.[i];
      if (list === "containers" || isSidecar(old)) {
        validateRemoved(container?.resources, old.resources, at, errors);
      } else if (!equalJson(container?.resources ?? {}, old.resources ?? {})) {
        errors.forbidden(at, "resources for non-sidecar init containers are immutable");
      }
    }
  }
  if (!equalJson(withOldSizes(now, before), withOldSizes(before, before))) {
    errors.forbidden(SPEC, ONLY);
  }
}

/** False where a container runs of which the node does not say how much it has. */
function isSupported({ spec, status }: Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  if (running === undefined || running.resources !== undefined) return true;
  const asked = spec?.containers?.find(({ name }) => name === running.name)?.resources;
  // There is nothing to say of a container that asks for nothing.
  return Object.keys(asked?.requests ?? {}).length + Object.keys(asked?.limits ?? {}).length === 0;
}

function validateRemoved(
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
  path: Path,
  errors: Errors,
): void {
  for (const member of ["requests", "limits"] as const) {
    const kept = now?.[member] ?? {};
    if (Object.keys(before?.[member] ?? {}).every((name) => Object.hasOwn(kept, name))) continue;
    errors.forbidden(path.child(member), `resource ${member} cannot be removed`);
  }
}

/** The spec with the amounts of before: what still differs may not. */
function withOldSizes(now: PodSpec, before: PodSpec): PodSpec {
  const copy = cloneJson(now);
  copy.resources = oldSizes(copy.resources, before.resources);
  for (const list of LISTS) {
    for (const [i, container] of (copy[list] ?? []).entries()) {
      const old = before[list]?.[i];
      // Those of others were looked at above.
      container.resources = list === "containers" || isSidecar(container)
        ? oldSizes(container.resources, old?.resources)
        : old?.resources ?? {};
    }
  }
  return copy;
}

function oldSizes(
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
): ResourceRequirements {
  const found: ResourceRequirements = {};
  if (now?.claims !== undefined) found.claims = now.claims;
  for (const member of ["requests", "limits"] as const) {
    const amounts = { ...now?.[member] };
    for (const name of RESIZED) {
      const old = before?.[member]?.[name];
      if (old === undefined) delete amounts[name];
      else amounts[name] = old;
    }
    if (Object.keys(amounts).length > 0) found[member] = amounts;
  }
  return found;
}
