import { internalError } from "../../base/mod.ts";
import { type Namespace, parseLabelSelector, type Pod } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isPodCreate, podOf, rejected } from "./target.ts";

const ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector";
const DEFAULT_KEY = "clusterDefaultNodeSelector";

type Labels = Readonly<Record<string, string>>;

/** Pods of a namespace run only on nodes that its selector allows. */
export class PodNodeSelector implements AdmissionPlugin {
  readonly name = "PodNodeSelector";
  readonly #reader: ObjectReader;
  /** Selectors as texts: the default one, and what each namespace's pods may ask for at most. */
  readonly #selectors: ReadonlyMap<string, string>;

  constructor(reader: ObjectReader, selectors: ReadonlyMap<string, string> = new Map()) {
    this.#reader = reader;
    this.#selectors = selectors;
  }

  handles(request: AdmissionRequest): boolean {
    return isPodCreate(request);
  }

  admit(request: AdmissionRequest): void {
    const wanted = this.#wanted(request);
    const spec = podOf(request).spec ??= {};
    checkConflict(request, wanted, spec.nodeSelector);
    const merged = { ...wanted, ...spec.nodeSelector };
    if (Object.keys(merged).length > 0) spec.nodeSelector = merged;
  }

  validate(request: AdmissionRequest): void {
    const pod = podOf(request);
    checkConflict(request, this.#wanted(request), pod.spec?.nodeSelector);
    const allowed = labelsOf(this.#selectors.get(request.namespace) ?? "");
    if (Object.keys(allowed).length === 0) return;
    const given = Object.entries(pod.spec?.nodeSelector ?? {});
    if (given.every(([key, value]) => allowed[key] === value)) return;
    throw rejected(
      request,
      "pod node label selector labels conflict with its namespace whitelist",
    );
  }

  #wanted({ namespace }: AdmissionRequest): Labels {
    const found = this.#reader.get<Namespace>("", "namespaces", "", namespace);
    const annotated = found?.metadata?.annotations?.[ANNOTATION];
    return labelsOf(annotated ?? this.#selectors.get(DEFAULT_KEY) ?? "");
  }
}

function checkConflict(
  request: AdmissionRequest,
  wanted: Labels,
  given: NonNullable<Pod["spec"]>["nodeSelector"] = {},
): void {
  if (Object.entries(wanted).every(([key, value]) => (given[key] ?? value) === value)) return;
  throw rejected(
    request,
    "pod node label selector conflicts with its namespace node label selector",
  );
}

/** A selector of equalities as labels: `a=b,c=d`. */
export function labelsOf(selector: string): Labels {
  const labels: Record<string, string> = {};
  for (const part of selector.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const equals = part.indexOf("=");
    const key = part.slice(0, equals).trim();
    const value = part.slice(equals + (part[equals + 1] === "=" ? 2 : 1)).trim();
    try {
      if (equals < 1) throw new Error(`invalid selector: [${part}]`);
      parseLabelSelector(`${key}=${value}`);
    } catch (error) {
      throw internalError(error instanceof Error ? error.message : String(error));
    }
    labels[key] = value;
  }
  return labels;
}
