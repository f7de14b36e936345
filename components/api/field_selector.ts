import { badRequest } from "../base/mod.ts";

/** One requirement of a field selector; they all hold. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A compiled field selector. */
export class FieldMatcher {
  constructor(readonly requirements: readonly FieldRequirement[]) {}

  get everything(): boolean {
    return this.requirements.length === 0;
  }

  matches(fields: Readonly<Record<string, string>>): boolean {
    for (const { field, operator, value } of this.requirements) {
      if (((fields[field] ?? "") === value) !== (operator === "=")) return false;
    }
    return true;
  }

  /** The value that a field must have, where the selector says so. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((one) => one.field === field && one.operator === "=")?.value;
  }

  toString(): string {
    return this.requirements.map(({ field, operator, value }) =>
      `${field}${operator}${value.replace(/[\\,=]/g, (char) => `\\${char}`)}`
    ).join(",");
  }
}

export const ALL_FIELDS = new FieldMatcher([]);
const DEFAULT_LABELS = ["metadata.name", "metadata.namespace"];

/**
 * Reads `a=b,c!=d`; a backslash escapes a comma, an equals sign and itself. Throws 400 for what cannot be read and for
 * fields that are not among `labels`, those of the kind's definition.
 */
export function parseFieldSelector(text: string, labels: readonly string[]): FieldMatcher {
  const requirements: FieldRequirement[] = [];
  for (const part of splitTerms(text)) {
    if (part === "") continue;
    const requirement = readTerm(part);
    if (requirement === undefined) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    }
    if (!labels.includes(requirement.field)) throw badRequest(unknownText(requirement, labels));
    requirements.push(requirement);
  }
  return requirements.length === 0 ? ALL_FIELDS : new FieldMatcher(requirements);
}

function unknownText({ field }: FieldRequirement, labels: readonly string[]): string {
  return labels.every((label) => DEFAULT_LABELS.includes(label))
    ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`
    : `field label not supported: ${field}`;
}

/** Splits at commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function readTerm(term: string): FieldRequirement | undefined {
  for (let i = 0; i < term.length; i++) {
    const operator = ["!=", "==", "="].find((each) => term.startsWith(each, i));
    if (operator === undefined) continue;
    return {
      field: term.slice(0, i),
      operator: operator === "!=" ? "!=" : "=",
      value: unescape(term.slice(i + operator.length)),
    };
  }
  return undefined;
}

function unescape(value: string): string {
  let plain = "";
  for (let i = 0; i < value.length; i++) {
    const char = value.charAt(i);
    if (char === "\\") {
      const next = value.charAt(++i);
      if (next !== "\\" && next !== "," && next !== "=") {
        throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`);
      }
      plain += next;
    } else if (char === "=") {
      throw badRequest(`invalid field selector: unescaped character in value: =`);
    } else plain += char;
  }
  return plain;
}
