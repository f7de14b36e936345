import type { FakeClock } from "../../base/mod.ts";
import { silentLogger } from "../../base/mod.ts";
import { etcdIsThere, EtcdMembers } from "../../../tests/etcd_members.ts";
import { openEtcdStore } from "../etcd_open.ts";
import { storeSuite, type StoreUnderTest } from "../store_suite.ts";

/** etcd counts what surrounds a value too: so that the largest value fits. */
const FLAGS = ["--max-request-bytes=1700000"];

if (etcdIsThere) storeSuite("etcd store", place, { durable: true });

async function place(): Promise<StoreUnderTest> {
  const members = await EtcdMembers.start({ flags: FLAGS });
  const { endpoints } = members;
  let elapsed = 0;
  return {
    open: (clock, options = {}) =>
      openEtcdStore({
        endpoints,
        prefix: "/suite",
        root: "",
        clock,
        logger: silentLogger,
        ...(options.historyEvents !== undefined && { history: { events: options.historyEvents } }),
      }),
    async elapse(clock: FakeClock, milliseconds) {
      await clock.advance(milliseconds);
      elapsed += milliseconds / 1000;
      await endLeases(endpoints[0] ?? "", elapsed);
    },
    remove: () => members.end(),
  };
}

/** Ends the leases that would have ended by then, as etcd itself does when their time is over. */
async function endLeases(endpoint: string, seconds: number): Promise<void> {
  const call = async (path: string, body: unknown) => {
    const response = await fetch(`${endpoint}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    return await response.json() as { leases?: { ID: string }[]; grantedTTL?: string };
  };
  const { leases = [] } = await call("lease/leases", {});
  for (const { ID } of leases) {
    const { grantedTTL = "0" } = await call("lease/timetolive", { ID });
    if (Number(grantedTTL) <= seconds) await call("lease/revoke", { ID });
  }
}
