import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from "../../names.ts";
import { PATTERN_CHARACTER, TRAVERSAL } from "../cost_unit.ts";
import { functions, methods, type Overload } from "../overload.ts";
import { fixed, scale, UNKNOWN } from "../range.ts";
import { patternCost } from "../string_cost.ts";
import { readTimestamp } from "../time.ts";
import { listOf, opaque, optionalOf, STRING } from "../type.ts";
import { parseUrl } from "../url.ts";
import { ArrayList, CelOpaque, CelOptional, type CelValue, costSize } from "../value.ts";

const FORMAT = opaque("kubernetes.NamedFormat");

interface Format {
  readonly name: string;
  /** Characters of a pattern that would do the same: costs are counted by it. */
  readonly pattern: number;
  problems(text: string): readonly string[];
}

class FormatValue extends CelOpaque {
  override readonly typeName = FORMAT.name;

  constructor(readonly format: Format) {
    super();
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof FormatValue && this.format.name === other.format.name;
  }

  override toJson(): string {
    return this.format.name;
  }
}

/** A prefix may end in a dash, as names that the server completes do. */
const prefix = (problems: Format["problems"]): Format["problems"] => (text) =>
  problems(text.length > 1 && text.endsWith("-") ? `${text.slice(0, -2)}a` : text);

const either = (ok: (text: string) => boolean, problem: string): Format["problems"] => (text) =>
  ok(text) ? [] : [problem];

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;

const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && readTimestamp(`${text}T00:00:00Z`) !== undefined;

function isDateTime(text: string): boolean {
  const [date = "", time = "", ...rest] = text.toLowerCase().split("t");
  return rest.length === 0 && isDate(date) &&
    /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(.\d+)?(z|[+-]\d{2}:\d{2})$/.test(time);
}

const uri: Format["problems"] = (text) => {
  const parsed = parseUrl(text);
  return "error" in parsed ? [parsed.error] : [];
};

const FORMATS: Readonly<Record<string, Format>> = {
  dns1123Label: { name: "DNS1123Label", pattern: 30, problems: dnsLabelProblems },
  dns1123Subdomain: { name: "DNS1123Subdomain", pattern: 60, problems: dnsSubdomainProblems },
  dns1035Label: { name: "DNS1035Label", pattern: 30, problems: dns1035LabelProblems },
  qualifiedName: { name: "QualifiedName", pattern: 60, problems: qualifiedNameProblems },
  dns1123LabelPrefix: {
    name: "DNS1123LabelPrefix",
    pattern: 30,
    problems: prefix(dnsLabelProblems),
  },
  dns1123SubdomainPrefix: {
    name: "DNS1123SubdomainPrefix",
    pattern: 60,
    problems: prefix(dnsSubdomainProblems),
  },
  dns1035LabelPrefix: {
    name: "DNS1035LabelPrefix",
    pattern: 30,
    problems: prefix(dns1035LabelProblems),
  },
  labelValue: { name: "LabelValue", pattern: 40, problems: labelValueProblems },
  uri: { name: "URI", pattern: 1103, problems: uri },
  uuid: {
    name: "uuid",
    pattern: 70,
    problems: either((text) => UUID.test(text), "does not match the UUID format"),
  },
  byte: {
    name: "byte",
    pattern: 84,
    problems: either((text) => BASE64.test(text), "invalid base64"),
  },
  date: { name: "date", pattern: 71, problems: either(isDate, "invalid date") },
  datetime: { name: "datetime", pattern: 71, problems: either(isDateTime, "invalid datetime") },
};
/** What estimates count for a pattern whose format is not known yet. */
const PATTERN_MAXIMUM = 128;

function validate({ format }: FormatValue, text: string): CelValue {
  const problems = format.problems(text);
  return problems.length === 0 ? CelOptional.none : new CelOptional(new ArrayList(problems));
}

function named(name: string): CelValue {
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  return format === undefined ? CelOptional.none : new CelOptional(new FormatValue(format));
}

const validateCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: ([format, text]) =>
    patternCost(costSize(text ?? null), (format as FormatValue).format.pattern),
  estimate: ([, text]) => ({
    cost: scale(scale(text?.size ?? UNKNOWN, TRAVERSAL), PATTERN_MAXIMUM * PATTERN_CHARACTER),
  }),
};

/** Kubernetes' formats of names and values. */
export const formats: readonly Overload[] = [
  ...methods("validate", [
    ["format-validate", [FORMAT, STRING], optionalOf(listOf(STRING)), validate],
  ], validateCosts),
  ...functions("format.named", [["format-named", [STRING], optionalOf(FORMAT), named]], {
    estimate: () => ({ cost: fixed(1) }),
  }),
  ...Object.entries(FORMATS).flatMap(([name, format]) => {
    const value = new FormatValue(format);
    return functions(`format.${name}`, [[`format.${name}`, [], FORMAT, () => value]]);
  }),
];
