/** What a reader of logs may ask for: the query of `/containerLogs`. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

const TRUE_WORDS = ["", "1", "t", "T", "true", "TRUE", "True"];

/** Reads the query; answers the text of a 400 when it makes no sense. Pure. */
export function logOptions(query: URLSearchParams, now: number): LogOptions | string {
  const flag = (name: string) => query.has(name) && TRUE_WORDS.includes(query.get(name) ?? "");
  const tailLines = numberOf(query, "tailLines", 0);
  const limitBytes = numberOf(query, "limitBytes", 1);
  const sinceSeconds = numberOf(query, "sinceSeconds", 1);
  for (const value of [tailLines, limitBytes, sinceSeconds]) {
    if (typeof value === "string") return value;
  }
  const sinceTime = query.get("sinceTime");
  if (sinceTime !== null && typeof sinceSeconds === "number") {
    return "at most one of `sinceTime` or `sinceSeconds` may be specified";
  }
  const at = sinceTime === null ? undefined : Date.parse(sinceTime);
  if (Number.isNaN(at)) return `invalid sinceTime ${JSON.stringify(sinceTime)}`;
  const since = typeof sinceSeconds === "number" ? now - sinceSeconds * 1000 : at;
  return {
    follow: flag("follow"),
    previous: flag("previous"),
    timestamps: flag("timestamps"),
    ...(typeof tailLines === "number" ? { tailLines } : {}),
    ...(typeof limitBytes === "number" ? { limitBytes } : {}),
    ...(since === undefined ? {} : { since }),
  };
}

function numberOf(
  query: URLSearchParams,
  name: string,
  minimum: number,
): number | string | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= minimum
    ? value
    : `invalid ${name} ${JSON.stringify(text.slice(0, 40))}: must be ${minimum} or more`;
}
