import { reverseName, type ServiceRecords, type ZoneRecord } from "./zone.ts";

/** What a question got: records, an existing name without such records, no such name, or not ours to say. */
export type Resolution =
  | { readonly kind: "answer"; readonly records: readonly NamedRecord[] }
  | { readonly kind: "empty" }
  | { readonly kind: "unknown" }
  | { readonly kind: "elsewhere" };

export type NamedRecord = ZoneRecord & { readonly name: string };

const VERSION = "1.1.0";

/** The cluster's zone in memory: records by name, and how to answer from them. */
export class Resolver {
  readonly domain: string;
  readonly #names = new Map<string, Map<string, readonly ZoneRecord[]>>();
  readonly #services = new Map<string, ServiceRecords>();
  readonly #namespaces = new Map<string, number>();

  constructor(domain: string) {
    this.domain = domain;
  }

  /** Puts a Service's records in the place of what it had. */
  set(service: string, records: ServiceRecords): void {
    this.delete(service);
    this.#services.set(service, records);
    for (const [name, list] of records) {
      const owners = this.#names.get(name);
      if (owners === undefined) this.#names.set(name, new Map([[service, list]]));
      else owners.set(service, list);
    }
    this.#count(service, 1);
  }

  delete(service: string): void {
    const records = this.#services.get(service);
    if (records === undefined) return;
    this.#services.delete(service);
    for (const name of records.keys()) {
      const owners = this.#names.get(name);
      owners?.delete(service);
      if (owners?.size === 0) this.#names.delete(name);
    }
    this.#count(service, -1);
  }

  resolve(question: string, type: string): Resolution {
    const name = question.toLowerCase().replace(/\.$/, "");
    const inZone = name === this.domain || name.endsWith(`.${this.domain}`);
    if (!inZone) {
      const reverse = this.#records(name);
      if (reverse.length === 0) return { kind: "elsewhere" };
      return answer(question, reverse, type);
    }
    if (name === `dns-version.${this.domain}`) {
      return answer(question, [{ type: "TXT", data: VERSION }], type);
    }
    const pod = this.#pod(name);
    if (pod !== undefined) return answer(question, [pod], type);
    const records = this.#records(name);
    if (records.length > 0) return answer(question, records, type);
    return this.#isInner(name) ? { kind: "empty" } : { kind: "unknown" };
  }

  #records(name: string): ZoneRecord[] {
    return [...this.#names.get(name)?.values() ?? []].flat();
  }

  /** `10-1-2-3.ns.pod.cluster.local`: the address is the name; whether such a pod exists is not asked. */
  #pod(name: string): ZoneRecord | undefined {
    const suffix = `.pod.${this.domain}`;
    if (!name.endsWith(suffix)) return undefined;
    const labels = name.slice(0, -suffix.length).split(".");
    if (labels.length !== 2) return undefined;
    const parts = labels[0]!.split("-");
    if (
      parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
    ) {
      return undefined;
    }
    return { type: "A", data: parts.map(Number).join(".") };
  }

  /** Names that exist only because others lie below them: they must not be NXDOMAIN. */
  #isInner(name: string): boolean {
    if (name === this.domain || name === `svc.${this.domain}` || name === `pod.${this.domain}`) {
      return true;
    }
    const suffix = `.svc.${this.domain}`;
    if (!name.endsWith(suffix)) return false;
    return this.#namespaces.has(name.slice(0, -suffix.length));
  }

  #count(service: string, step: number): void {
    const namespace = service.slice(0, service.indexOf("/")).toLowerCase();
    const count = (this.#namespaces.get(namespace) ?? 0) + step;
    if (count > 0) this.#namespaces.set(namespace, count);
    else this.#namespaces.delete(namespace);
  }
}

function answer(name: string, records: readonly ZoneRecord[], type: string): Resolution {
  const alias = records.find((record) => record.type === "CNAME");
  const matching = alias !== undefined && type !== "ANY"
    ? [alias]
    : records.filter((record) => type === "ANY" || record.type === type);
  return matching.length === 0
    ? { kind: "empty" }
    : { kind: "answer", records: matching.map((record) => ({ ...record, name })) };
}

export { reverseName };
