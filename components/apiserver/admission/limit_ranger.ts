import {
  type Amounts,
  amountsOf,
  compareQuantity,
  type Container,
  formatQuantity,
  type LimitRange,
  type LimitRangeItem,
  parseQuantity,
  type PersistentVolumeClaim,
  type Pod,
  podTotals,
  type Quantity,
} from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor, isPodCreate, podOf, rejected } from "./target.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

/** Fills in what a namespace's LimitRanges give by default, and refuses what is outside them. */
export class LimitRanger implements AdmissionPlugin {
  readonly name = "LimitRanger";
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  handles(request: AdmissionRequest): boolean {
    const { operation, oldObject } = request;
    if (isPodCreate(request)) return true;
    // What is on its way out must be able to lose its finalizers.
    if (operation === "UPDATE" && oldObject?.metadata?.deletionTimestamp !== undefined) {
      return false;
    }
    if (operation === "UPDATE" && isFor(request, "", "pods", "resize")) return true;
    return isFor(request, "", "persistentvolumeclaims") &&
      (operation === "CREATE" || operation === "UPDATE");
  }

  admit(request: AdmissionRequest): void {
    if (!isPodCreate(request)) return;
    for (const range of this.#ranges(request)) applyDefaults(podOf(request), range);
  }

  validate(request: AdmissionRequest): void {
    for (const range of this.#ranges(request)) {
      const errors = request.definition.plural === "pods"
        ? podErrors(podOf(request), range)
        : claimErrors(request.object as PersistentVolumeClaim, range);
      if (errors.length === 0) continue;
      throw rejected(request, errors.length === 1 ? errors.join() : `[${errors.join(", ")}]`);
    }
  }

  #ranges({ namespace }: AdmissionRequest): LimitRange[] {
    return this.#reader.list<LimitRange>("", "limitranges", namespace);
  }
}

/** Gives containers the default requests and limits that they lack, and says so in an annotation. Pure but for `pod`. */
function applyDefaults(pod: Pod, range: LimitRange): void {
  const items = range.spec?.limits?.filter(({ type }) => type === "Container") ?? [];
  const limits = Object.assign({}, ...items.map((item) => item.default ?? {}));
  const requests = Object.assign({}, ...items.map((item) => item.defaultRequest ?? {}));
  const notes: string[] = [];
  const fill = (container: Container, what: string) => {
    const fillIn = (part: "requests" | "limits", defaults: Record<string, string>) => {
      const missing = Object.keys(defaults)
        .filter((name) => container.resources?.[part]?.[name] === undefined).sort();
      if (missing.length === 0) return;
      const resources = container.resources ??= {};
      const list = resources[part] ??= {};
      for (const name of missing) list[name] = defaults[name] ?? "";
      const word = part === "requests" ? "request" : "limit";
      notes.push(`${missing.join(", ")} ${word} for ${what} ${container.name}`);
    };
    fillIn("requests", requests);
    fillIn("limits", limits);
  };
  for (const container of pod.spec?.containers ?? []) fill(container, "container");
  for (const container of pod.spec?.initContainers ?? []) fill(container, "init container");
  if (notes.length === 0) return;
  const annotations = (pod.metadata ??= {}).annotations ??= {};
  annotations[ANNOTATION] = `LimitRanger plugin set: ${notes.join("; ")}`;
}

function podErrors(pod: Pod, range: LimitRange): string[] {
  const errors: string[] = [];
  for (const item of range.spec?.limits ?? []) {
    if (item.type === "Container") {
      const containers = [...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []];
      for (const { resources } of containers) {
        errors.push(
          ...itemErrors(item, amountsOf(resources?.requests), amountsOf(resources?.limits)),
        );
      }
    } else if (item.type === "Pod") {
      const { requests, limits } = podTotals(pod);
      errors.push(...itemErrors(item, requests, limits));
    }
  }
  return errors;
}

function claimErrors(claim: PersistentVolumeClaim, range: LimitRange): string[] {
  const requests = amountsOf(claim.spec?.resources?.requests);
  const errors: (string | undefined)[] = [];
  for (const item of range.spec?.limits ?? []) {
    if (item.type !== "PersistentVolumeClaim") continue;
    for (const [name, enforced] of amountsOf(item.min)) {
      errors.push(below(item.type, name, enforced, requests.get(name), undefined));
    }
    for (const [name, enforced] of amountsOf(item.max)) {
      const request = requests.get(name);
      const rule = `maximum ${name} usage per ${item.type} is ${formatQuantity(enforced)}`;
      if (request === undefined) errors.push(`${rule}.  No request is specified`);
      else if (compareQuantity(request, enforced) > 0) {
        errors.push(`${rule}, but request is ${formatQuantity(request)}`);
      }
    }
  }
  return errors.filter((error) => error !== undefined);
}

function itemErrors(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const type = item.type ?? "";
  const errors: (string | undefined)[] = [];
  for (const [name, enforced] of amountsOf(item.min)) {
    errors.push(below(type, name, enforced, requests.get(name), limits.get(name)));
  }
  for (const [name, enforced] of amountsOf(item.max)) {
    errors.push(above(type, name, enforced, requests.get(name), limits.get(name)));
  }
  for (const [name, text] of Object.entries(item.maxLimitRequestRatio ?? {})) {
    errors.push(ratio(type, name, parseQuantity(text), requests.get(name), limits.get(name)));
  }
  return errors.filter((error) => error !== undefined);
}

function below(
  type: string,
  name: string,
  enforced: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const rule = `minimum ${name} usage per ${type} is ${formatQuantity(enforced)}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  if (compareQuantity(request, enforced) < 0) {
    return `${rule}, but request is ${formatQuantity(request)}`;
  }
  if (limit !== undefined && compareQuantity(limit, enforced) < 0) {
    return `${rule}, but limit is ${formatQuantity(limit)}`;
  }
  return undefined;
}

function above(
  type: string,
  name: string,
  enforced: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const rule = `maximum ${name} usage per ${type} is ${formatQuantity(enforced)}`;
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (compareQuantity(limit, enforced) > 0) {
    return `${rule}, but limit is ${formatQuantity(limit)}`;
  }
  if (request !== undefined && compareQuantity(request, enforced) > 0) {
    return `${rule}, but request is ${formatQuantity(request)}`;
  }
  return undefined;
}

function ratio(
  type: string,
  name: string,
  enforced: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): string | undefined {
  const rule = `${name} max limit to request ratio per ${type} is ${formatQuantity(enforced)}`;
  if (request === undefined || request.nano === 0n) {
    return `${rule}, but no request is specified or request is 0`;
  }
  if (limit === undefined || limit.nano === 0n) {
    return `${rule}, but no limit is specified or limit is 0`;
  }
  const provided = Number(limit.nano) / Number(request.nano);
  return provided > Number(enforced.nano) / 1e9
    ? `${rule}, but provided ratio is ${provided.toFixed(6)}`
    : undefined;
}
