import { AUDIT_MODES, type AuditFiles, type AuditMode } from "../../cluster/mod.ts";
import { type Flag, type ParsedFlags, UsageError } from "../flags.ts";
import { duration, notNegative, positive } from "./flag_values.ts";

const MEBIBYTE = 1024 * 1024;

const number = (name: string, help: string): Flag => ({ name, kind: "number", value: "N", help });
const text = (name: string, value: string, help: string): Flag => ({
  name,
  kind: "text",
  value,
  help,
});

/** kube-apiserver's flags of what is recorded of requests, with upstream's names and defaults. */
export const AUDIT_FLAGS: readonly Flag[] = [
  text("audit-policy-file", "FILE", "what is recorded of which requests (nothing)"),
  text(
    "audit-log-path",
    "FILE",
    "where events are written, a line each; - for the standard output",
  ),
  {
    name: "audit-log-mode",
    kind: "text",
    value: "MODE",
    choices: AUDIT_MODES,
    help: "whether a request waits until its events are written (blocking)",
  },
  number("audit-log-maxsize", "mebibytes after which the file is put aside; 0 for never (100)"),
  number("audit-log-maxbackup", "files put aside that are kept; 0 for all (100)"),
  number("audit-log-maxage", "days that files put aside are kept; 0 for ever (366)"),
  number("audit-log-batch-buffer-size", "events that may wait to be written (10000)"),
  number("audit-log-batch-max-size", "events that are written at once (1)"),
  text("audit-log-batch-max-wait", "DURATION", "how long an event waits for others (0s)"),
  text("audit-webhook-config-file", "FILE", "a kubeconfig that says where events are sent"),
  number("audit-webhook-batch-buffer-size", "events that may wait to be sent (10000)"),
  number("audit-webhook-batch-max-size", "events that are sent at once (400)"),
  text("audit-webhook-batch-max-wait", "DURATION", "how long an event waits for others (30s)"),
  text("audit-webhook-initial-backoff", "DURATION", "the wait before a second try (10s)"),
];

export const AUDIT_DEFAULTS: Readonly<Record<string, string>> = {
  "audit-log-mode": "blocking",
  "audit-log-maxsize": "100",
  "audit-log-maxbackup": "100",
  "audit-log-maxage": "366",
  "audit-log-batch-buffer-size": "10000",
  "audit-log-batch-max-size": "1",
  "audit-log-batch-max-wait": "0s",
  "audit-webhook-batch-buffer-size": "10000",
  "audit-webhook-batch-max-size": "400",
  "audit-webhook-batch-max-wait": "30s",
  "audit-webhook-initial-backoff": "10s",
};

/** What the flags ask for; undefined where nothing shall be recorded. Throws `UsageError`. */
export function auditFiles(flags: ParsedFlags): AuditFiles | undefined {
  const policyFile = flags.text("audit-policy-file");
  const path = flags.text("audit-log-path");
  const configFile = flags.text("audit-webhook-config-file");
  if (policyFile === undefined) {
    if (path === undefined && configFile === undefined) return undefined;
    const given = path === undefined ? "audit-webhook-config-file" : "audit-log-path";
    throw new UsageError(`--${given} needs --audit-policy-file`);
  }
  return {
    policyFile,
    ...(path === undefined ? {} : {
      log: {
        path,
        mode: (flags.text("audit-log-mode") ?? "blocking") as AuditMode,
        rotation: {
          maximumBytes: (notNegative(flags, "audit-log-maxsize") ?? 100) * MEBIBYTE,
          maximumBackups: notNegative(flags, "audit-log-maxbackup") ?? 100,
          maximumAgeDays: notNegative(flags, "audit-log-maxage") ?? 366,
        },
        batch: batchOf(flags, "audit-log", { events: 1, wait: 0 }),
      },
    }),
    ...(configFile === undefined ? {} : {
      webhook: {
        configFile,
        batch: batchOf(flags, "audit-webhook", { events: 400, wait: 30_000 }),
        initialBackoffMilliseconds: duration(flags, "audit-webhook-initial-backoff") ?? 10_000,
      },
    }),
  };
}

function batchOf(flags: ParsedFlags, prefix: string, usual: { events: number; wait: number }) {
  return {
    bufferEvents: positive(flags, `${prefix}-batch-buffer-size`) ?? 10_000,
    batchEvents: positive(flags, `${prefix}-batch-max-size`) ?? usual.events,
    waitMilliseconds: duration(flags, `${prefix}-batch-max-wait`) ?? usual.wait,
  };
}
