import type { Container, Pod } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";
import { isFor, podOf, rejected } from "./target.ts";

const ALWAYS = "Always";

/** Every image is pulled for every pod, so that only who may pull it runs it. */
export const alwaysPullImages: AdmissionPlugin = {
  name: "AlwaysPullImages",
  handles: (request) =>
    (request.operation === "CREATE" || request.operation === "UPDATE") &&
    (isFor(request, "", "pods") || isFor(request, "", "pods", "ephemeralcontainers")) &&
    bringsImages(request),
  admit(request) {
    const pod = podOf(request);
    for (const [, container] of containersOf(pod)) container.imagePullPolicy = ALWAYS;
    for (const { image } of pod.spec?.volumes ?? []) {
      if (image !== undefined) image.pullPolicy = ALWAYS;
    }
  },
  validate(request) {
    const pod = podOf(request);
    const problems: string[] = [];
    const check = (path: string, policy: string | undefined) => {
      if (policy === ALWAYS) return;
      problems.push(
        `${path}: Unsupported value: ${JSON.stringify(policy ?? "")}: ` +
          `supported values: ${JSON.stringify(ALWAYS)}`,
      );
    };
    for (const [path, { imagePullPolicy }] of containersOf(pod)) {
      check(`${path}.imagePullPolicy`, imagePullPolicy);
    }
    for (const [i, { image }] of (pod.spec?.volumes ?? []).entries()) {
      if (image !== undefined) check(`spec.volumes[${i}].image.pullPolicy`, image.pullPolicy);
    }
    if (problems.length === 0) return;
    throw rejected(
      request,
      problems.length === 1 ? problems.join() : `[${problems.join(", ")}]`,
    );
  },
};

function* containersOf({ spec }: Pod): Generator<[path: string, container: Container]> {
  for (const member of ["initContainers", "containers", "ephemeralContainers"] as const) {
    for (const [i, container] of (spec?.[member] ?? []).entries()) {
      yield [`spec.${member}[${i}]`, container as Container];
    }
  }
}

/** A change that brings no new image leaves the policies as they are: they may not be changed. */
function bringsImages({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation === "CREATE") return true;
  const imagesOf = (pod: Pod) => [...containersOf(pod)].map(([, { image = "" }]) => image);
  const known = new Set(imagesOf(oldObject as Pod));
  return imagesOf(object as Pod).some((image) => !known.has(image));
}
