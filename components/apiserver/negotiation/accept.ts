/** One clause of an `Accept` header. */
export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

/** Clauses that are read; a header with more is cut. */
const CLAUSES_MAXIMUM = 64;

/** Reads an `Accept` header; the most wanted clause comes first. What cannot be read is left out. */
export function parseAccept(header: string): AcceptClause[] {
  const clauses: AcceptClause[] = [];
  for (const text of header.split(",", CLAUSES_MAXIMUM)) {
    const [name = "", ...pairs] = text.split(";").map((part) => part.trim());
    const [type = "", subtype = "", ...more] = name.toLowerCase().split("/");
    if (type === "" || subtype === "" || more.length > 0) continue;
    const parameters: Record<string, string> = Object.create(null);
    let quality = 1;
    for (const pair of pairs) {
      const at = pair.indexOf("=");
      if (at < 0) continue;
      const key = pair.slice(0, at).trim().toLowerCase();
      const value = unquoted(pair.slice(at + 1).trim());
      if (key === "q") quality = Number(value);
      else parameters[key] = value;
    }
    clauses.push({ type, subtype, parameters, quality: Number.isNaN(quality) ? 1 : quality });
  }
  return clauses.sort((a, b) => b.quality - a.quality);
}

const unquoted = (value: string): string =>
  value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
