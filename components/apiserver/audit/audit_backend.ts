/** Where audit events go. */
export interface AuditBackend {
  /** As the metrics name it. */
  readonly name: string;
  /** Whether a request is refused whose arrival could not be recorded. */
  readonly strict: boolean;
  /** Takes one event as a line of JSON. Answers what went wrong, where it knows at once. */
  record(line: string): string | undefined;
  /** Resolves when all that was taken is written, or given up. */
  close(): Promise<void>;
}

export const AUDIT_MODES = ["batch", "blocking", "blocking-strict"] as const;
export type AuditMode = typeof AUDIT_MODES[number];

export interface BatchLimits {
  /** Events that wait; more are lost, and counted. */
  readonly bufferEvents: number;
  readonly batchEvents: number;
  /** How long an event waits for others to go with it. */
  readonly waitMilliseconds: number;
}
