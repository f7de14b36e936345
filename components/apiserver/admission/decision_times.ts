import { type Clock, timestamp } from "../../base/mod.ts";
import type { CertificateSigningRequest } from "../../api/served.ts";
import type { AdmissionPlugin } from "../ports.ts";
import { isFor } from "./target.ts";

const GROUP = "certificates.k8s.io";
const RESOURCE = "certificatesigningrequests";
const DOORS = ["approval", "status"];

/** Conditions of signing requests say since when they hold, whether or not their writer did. */
export function decisionTimes(clock: Clock): AdmissionPlugin {
  return {
    name: "CertificateDecisionTimes",
    handles: (request) =>
      request.operation === "UPDATE" &&
      DOORS.some((door) => isFor(request, GROUP, RESOURCE, door)),
    admit({ object, oldObject }) {
      const before = (oldObject as CertificateSigningRequest).status?.conditions ?? [];
      const now = timestamp(clock.now());
      for (const condition of (object as CertificateSigningRequest).status?.conditions ?? []) {
        condition.lastUpdateTime ??= now;
        const same = before.find(({ type, status }) =>
          type === condition.type && status === condition.status
        );
        condition.lastTransitionTime ??= same?.lastTransitionTime ?? now;
      }
    },
  };
}
