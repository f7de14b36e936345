import type { JsonObject } from "../../base/mod.ts";
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  type Quantity,
  tryParseQuantity,
} from "../quantity.ts";
import { ensureStruct, isEmpty, structAt, structsAt } from "./fill.ts";

type Amounts = Map<string, Quantity>;

/** Resources that a whole pod may ask for. */
const isPodLevel = (name: string): boolean =>
  name === "cpu" || name === "memory" || isHugePages(name);
const isHugePages = (name: string): boolean => name.startsWith("hugepages-");

/**
 * Resources of a whole pod that gives some: its huge pages are limited to what its containers are, and what it does
 * not request is what its containers request, or its own limit.
 */
export function podLevelResources(spec: JsonObject): void {
  const resources = structAt(spec, "resources");
  if (resources === undefined) return;
  const given = structAt(resources, "requests");
  for (const [name, amount] of aggregate(spec, "limits")) {
    if (!isHugePages(name)) continue;
    if (given?.[name] !== undefined || structAt(resources, "limits")?.[name] !== undefined) {
      continue;
    }
    ensureStruct(resources, "limits")[name] = formatQuantity(amount);
  }
  const limits = structAt(resources, "limits");
  if (limits === undefined || isEmpty(limits)) return;
  const requests: JsonObject = given ?? {};
  for (const [name, amount] of aggregate(spec, "requests")) {
    if (isPodLevel(name)) requests[name] ??= formatQuantity(amount);
  }
  for (const name in limits) if (isPodLevel(name)) requests[name] ??= limits[name];
  if (!isEmpty(requests)) resources["requests"] = requests;
}

/** What the containers need together: all that run side by side, or the greatest step of starting up. */
function aggregate(spec: JsonObject, kind: "limits" | "requests"): Amounts {
  const running: Amounts = new Map();
  for (const container of structsAt(spec, "containers")) add(running, amountsOf(container, kind));
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of structsAt(spec, "initContainers")) {
    const amounts = amountsOf(container, kind);
    if (container["restartPolicy"] === "Always") {
      add(running, amounts);
      add(sidecars, amounts);
      raise(starting, sidecars);
    } else {
      add(amounts, sidecars);
      raise(starting, amounts);
    }
  }
  raise(running, starting);
  return running;
}

function amountsOf(container: JsonObject, kind: "limits" | "requests"): Amounts {
  const amounts: Amounts = new Map();
  const list = structAt(structAt(container, "resources"), kind);
  for (const name in list) {
    const amount = tryParseQuantity(String(list[name]));
    if (amount !== undefined) amounts.set(name, amount);
  }
  return amounts;
}

function add(into: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) {
    const sum = into.get(name);
    into.set(name, sum === undefined ? amount : addQuantity(sum, amount));
  }
}

function raise(into: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) {
    const greatest = into.get(name);
    if (greatest === undefined || compareQuantity(amount, greatest) > 0) into.set(name, amount);
  }
}
