import { type Clock, hasReason, sleep } from "../../base/mod.ts";
import type { KubeObject, ResourceType } from "../../api/served.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";

/** Another server may be starting at the same time: how often a write that lost against it is tried again. */
const ATTEMPTS_MAXIMUM = 5;
/** What the other one has reserved for an object shows before the object itself does. */
const RESERVED_MILLISECONDS = 100;

/** Makes objects that must exist, and mends those that do. */
export class Ensurer {
  /** With a clock, where other servers may make the same objects. */
  constructor(
    readonly reader: ObjectReader,
    readonly writer: ObjectWriter,
    readonly clock?: Clock,
  ) {}

  /**
   * Creates the object when it is missing; otherwise `mend` answers what it should become, or undefined when it is
   * right as it is. Without `mend` what is there stays as it is.
   */
  async ensure<T extends KubeObject>(
    type: ResourceType<T>,
    desired: T,
    mend?: (existing: T) => T | undefined,
  ): Promise<void> {
    const { namespace = "", name = "" } = desired.metadata ?? {};
    for (let attempt = 1;; attempt++) {
      const existing = this.reader.get<T>(type.group, type.resource, namespace, name);
      try {
        if (existing === undefined) {
          await this.writer.create(type.group, type.resource, withType(type, desired));
          return;
        }
        const mended = mend?.(existing);
        if (mended !== undefined) await this.writer.update(type.group, type.resource, mended);
        return;
      } catch (error) {
        const reserved = this.clock !== undefined && existing === undefined &&
          hasReason(error, "Invalid");
        const lost = hasReason(error, "AlreadyExists") || hasReason(error, "Conflict") ||
          (existing !== undefined && hasReason(error, "NotFound")) || reserved;
        if (!lost || attempt === ATTEMPTS_MAXIMUM) throw error;
        if (reserved) await sleep(this.clock, RESERVED_MILLISECONDS);
        await this.reader.fresh(type.group, type.resource);
      }
    }
  }

  /** Writes the status of an object that exists, when `change` answers one. */
  async ensureStatus<T extends KubeObject>(
    type: ResourceType<T>,
    name: string,
    change: (existing: T) => T | undefined,
  ): Promise<void> {
    for (let attempt = 1;; attempt++) {
      const existing = this.reader.get<T>(type.group, type.resource, "", name);
      const changed = existing === undefined ? undefined : change(existing);
      if (existing !== undefined && changed === undefined) return;
      try {
        if (changed !== undefined) {
          await this.writer.update(type.group, type.resource, changed, "status");
          return;
        }
      } catch (error) {
        if (!hasReason(error, "Conflict") || attempt === ATTEMPTS_MAXIMUM) throw error;
      }
      if (attempt === ATTEMPTS_MAXIMUM) return;
      await this.reader.fresh(type.group, type.resource);
    }
  }
}

function withType<T extends KubeObject>({ group, version, kind }: ResourceType<T>, object: T): T {
  const apiVersion = group === "" ? version : `${group}/${version}`;
  return { ...object, apiVersion, kind };
}
