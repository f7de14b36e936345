import type { Pod, PodSpec, Toleration } from "../api/mod.ts";
import {
  type CoreProfile,
  type ExtraConstraint,
  FILTER_PLUGINS,
  type PodExtras,
} from "./core_contract.ts";
import { EFFECTS } from "./core_node_message.ts";
import { type CoreWriter, wholeNumber } from "./core_writer.ts";
import { requiredFeatures } from "./declared_features.ts";

const NONE: readonly never[] = [];
const UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable";
const TOLERATION_OPERATORS: Readonly<Record<string, number>> = {
  Exists: 1,
  Equal: 2,
  Lt: 3,
  Gt: 4,
};
const INDEX_OF_FILTER = new Map<string, number>(FILTER_PLUGINS.map((name, i) => [name, i]));

/** The section that single nodes answer: where the pod may and would like to go. */
export function writePlacement(
  out: CoreWriter,
  pod: Pod,
  extras: PodExtras,
  profile: CoreProfile,
  index: number,
): void {
  const spec = pod.spec ?? {} as PodSpec;
  out.number(index);
  out.number(
    spec.nodeName === undefined || spec.nodeName === "" ? -1 : out.interner.of(spec.nodeName),
  );
  const tolerations = spec.tolerations ?? NONE;
  out.flag(tolerations.some(toleratesUnschedulable));
  out.number(tolerations.length);
  for (const toleration of tolerations) writeToleration(out, toleration);
  const selector = spec.nodeSelector ?? {};
  const count = out.room();
  let labels = 0;
  for (const key in selector) {
    out.text(key);
    out.text(selector[key]!);
    labels++;
  }
  out.set(count, labels);
  const affinity = spec.affinity?.nodeAffinity;
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  out.flag(required !== undefined);
  if (required !== undefined) out.nodeTerms(required.nodeSelectorTerms ?? NONE);
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? NONE;
  out.number(preferred.length);
  for (const { weight = 0, preference = {} } of preferred) {
    out.number(weight);
    out.nodeTerm(preference);
  }
  writeImages(out, spec);
  out.texts(requiredFeatures(pod));
  writeIgnored(out, spec, profile);
  out.texts(extras.deviceResources ?? NONE);
  const constraints = extras.constraints ?? NONE;
  out.number(constraints.length);
  for (const constraint of constraints) writeConstraint(out, constraint);
}

function writeImages(out: CoreWriter, spec: PodSpec): void {
  const count = out.room();
  let images = 0;
  const image = (name: string) => {
    out.text(normalizedImage(name));
    images++;
  };
  for (const container of spec.initContainers ?? NONE) image(container.image ?? "");
  for (const container of spec.containers ?? NONE) image(container.image ?? "");
  for (const volume of spec.volumes ?? NONE) {
    if (volume.image !== undefined) image(volume.image.reference ?? "");
  }
  out.set(count, images);
  out.number(images);
}

/** Extended resources of the pod that the profile's NodeResourcesFit does not look at. */
function writeIgnored(out: CoreWriter, spec: PodSpec, profile: CoreProfile): void {
  const { ignoredResources = NONE, ignoredResourceGroups = NONE } = profile.fit ?? {};
  const found = new Set<string>();
  if (ignoredResources.length > 0 || ignoredResourceGroups.length > 0) {
    for (const list of [spec.initContainers, spec.containers]) {
      for (const container of list ?? NONE) {
        for (const name in container.resources?.requests) {
          const group = name.slice(0, Math.max(0, name.indexOf("/")));
          if (ignoredResources.includes(name) || ignoredResourceGroups.includes(group)) {
            found.add(name);
          }
        }
      }
    }
  }
  out.texts([...found]);
}

function writeConstraint(out: CoreWriter, constraint: ExtraConstraint): void {
  const { plugin, reason, unresolvable, terms, names, except, holders = NONE } = constraint;
  out.number(INDEX_OF_FILTER.get(plugin) ?? FILTER_PLUGINS.length);
  out.text(plugin);
  out.text(reason);
  out.flag(unresolvable);
  out.flag(terms !== undefined);
  if (terms !== undefined) out.nodeTerms(terms);
  for (const list of [names, except]) {
    out.flag(list !== undefined);
    if (list !== undefined) out.texts(list);
  }
  out.number(holders.length);
  for (const handle of holders) out.number(handle);
}

function writeToleration(out: CoreWriter, toleration: Toleration): void {
  const { key = "", value = "", effect = "" } = toleration;
  out.number(key === "" ? -1 : out.interner.of(key));
  out.number(TOLERATION_OPERATORS[toleration.operator ?? "Equal"] ?? 0);
  out.text(value);
  out.number(effect === "" ? -1 : EFFECTS[effect] ?? 0);
  out.number(wholeNumber(value));
}

function toleratesUnschedulable(toleration: Toleration): boolean {
  const key = toleration.key ?? "";
  const effect = toleration.effect ?? "";
  if (effect !== "" && effect !== "NoSchedule") return false;
  if (key === "") return toleration.operator === "Exists";
  return key === UNSCHEDULABLE_TAINT &&
    (toleration.operator === "Exists" || (toleration.value ?? "") === "");
}

/** Images as nodes list them: with a tag. */
export function normalizedImage(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes(":") || image.includes("@") ? image : `${image}:latest`;
}
