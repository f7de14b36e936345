import { KUBERNETES_VERSION, type MetricRegistry } from "../../../base/mod.ts";
import type { AdmissionRequest } from "../../ports.ts";
import type { Standard } from "./policy.ts";

const MINOR = Number(KUBERNETES_VERSION.split(".")[1]);

/** Hears how pods are judged. */
export interface PodSecurityMeter {
  evaluated(
    request: AdmissionRequest,
    mode: "enforce" | "audit" | "warn",
    standard: Standard,
    allowed: boolean,
  ): void;
  exempted(request: AdmissionRequest): void;
  /** The namespace's labels are no policy. */
  failed(request: AdmissionRequest): void;
}

/** Counts judgements, under upstream's names. */
export function podSecurityMeter(registry: MetricRegistry): PodSecurityMeter {
  const about = ["request_operation", "resource", "subresource"];
  const evaluations = registry.counter(
    "pod_security_evaluations_total",
    "[ALPHA] Number of policy evaluations that occurred, not counting ignored or exempt requests.",
    ["decision", "policy_level", "policy_version", "mode", ...about],
  );
  const exemptions = registry.counter(
    "pod_security_exemptions_total",
    "[ALPHA] Number of exempt requests, not counting ignored or out of scope requests.",
    about,
  );
  const errors = registry.counter(
    "pod_security_errors_total",
    "[ALPHA] Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted " +
      "profile being used for evaluation.",
    ["fatal", ...about],
  );
  return {
    evaluated: (request, mode, { level, version }, allowed) =>
      evaluations.add(
        1,
        allowed ? "allow" : "deny",
        level,
        versionLabel(version),
        mode,
        ...labelsOf(request),
      ),
    exempted: (request) => exemptions.add(1, ...labelsOf(request)),
    failed: (request) => errors.add(1, "false", ...labelsOf(request)),
  };
}

const labelsOf = ({ operation, definition, subresource }: AdmissionRequest) =>
  [
    operation.toLowerCase(),
    definition.plural === "pods" ? "pod" : "controller",
    subresource,
  ] as const;

/** Versions that are not out yet are one label: anybody may write any. */
function versionLabel(version: string): string {
  return Number(version.split(".")[1] ?? 0) > MINOR ? "future" : version;
}
