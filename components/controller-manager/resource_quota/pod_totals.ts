import {
  addQuantity,
  compareQuantity,
  type Container,
  formatQuantity,
  type Pod,
  type Quantity,
  tryParseQuantity,
} from "../../api/mod.ts";

type Totals = Map<string, Quantity>;
type Amounts = Readonly<Record<string, string>> | undefined;

function add(totals: Totals, amounts: Amounts): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const amount = tryParseQuantity(text);
    if (amount === undefined) continue;
    const known = totals.get(name);
    totals.set(name, known === undefined ? amount : addQuantity(known, amount));
  }
}

function raise(totals: Totals, other: Totals): void {
  for (const [name, amount] of other) {
    const known = totals.get(name);
    if (known === undefined || compareQuantity(known, amount) < 0) totals.set(name, amount);
  }
}

/** What a pod takes in all: its containers together, or the most that its init containers need, and its overhead. */
export function podTotals(pod: Pod, kind: "requests" | "limits"): Totals {
  const of = (container: Container): Amounts => container.resources?.[kind];
  const running: Totals = new Map();
  for (const container of pod.spec?.containers ?? []) add(running, of(container));
  const sidecars: Totals = new Map();
  const start: Totals = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      add(running, of(container));
      add(sidecars, of(container));
      raise(start, sidecars);
    } else {
      const step: Totals = new Map(sidecars);
      add(step, of(container));
      raise(start, step);
    }
  }
  raise(running, start);
  const whole: Totals = new Map();
  add(whole, pod.spec?.resources?.[kind]);
  for (const [name, amount] of whole) running.set(name, amount);
  for (const [name, text] of Object.entries(pod.spec?.overhead ?? {})) {
    // A limit that nobody set is not made by the overhead.
    if (kind === "requests" || running.has(name)) add(running, { [name]: text });
  }
  return running;
}

/** True for a pod that asks for no CPU and no memory, and limits neither. */
export function isBestEffort(pod: Pod): boolean {
  const asks = (container: Container) =>
    ["cpu", "memory"].some((name) =>
      container.resources?.requests?.[name] !== undefined ||
      container.resources?.limits?.[name] !== undefined
    );
  return ![...pod.spec?.containers ?? [], ...pod.spec?.initContainers ?? []].some(asks);
}

export const totalText = (amount: Quantity | undefined): string =>
  amount === undefined ? "0" : formatQuantity(amount);
