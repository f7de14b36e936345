/**
 * The rules of names. Each `…Problems` function answers the texts of the rules a value breaks, in upstream's words;
 * an empty list means that the value is good. All scan by hand or by fixed expressions of ours, in linear time.
 */

const NONE: readonly string[] = [];
const LABEL_MAX = 63;
const SUBDOMAIN_MAX = 253;
const LABEL_FORM = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_FORM = `${LABEL_FORM}(\\.${LABEL_FORM})*`;
const QUALIFIED_FORM = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const WILDCARD_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const CONFIG_KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";

const encoder = new TextEncoder();

/** Length in UTF-8, which is what limits are counted in. */
export function byteLength(text: string): number {
  // Three bytes at most for each UTF-16 unit; short ASCII needs no encoding.
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return encoder.encode(text).length;
  }
  return text.length;
}

export const maxLengthText = (bytes: number): string => `must be no more than ${bytes} bytes`;
export const rangeText = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;

/** The text for a value that does not have a form: what it must be, examples, the expression. */
export function formText(text: string, form: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${text} (${
    examples.length === 0 ? "" : `e.g. ${shown}`
  }regex used for validation is '${form}')`;
}

const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a;
const isUpper = (code: number): boolean => code >= 0x41 && code <= 0x5a;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLowerAlnum = (code: number): boolean => isLower(code) || isDigit(code);
const isAlnum = (code: number): boolean => isLowerAlnum(code) || isUpper(code);

function isLabel(text: string, start: number, end: number): boolean {
  if (start >= end) return false;
  if (!isLowerAlnum(text.charCodeAt(start)) || !isLowerAlnum(text.charCodeAt(end - 1))) {
    return false;
  }
  for (let i = start + 1; i < end - 1; i++) {
    const code = text.charCodeAt(i);
    if (!isLowerAlnum(code) && code !== 0x2d) return false;
  }
  return true;
}

function isSubdomain(text: string, from = 0): boolean {
  let start = from;
  for (let i = from; i <= text.length; i++) {
    if (i < text.length && text.charCodeAt(i) !== 0x2e) continue;
    if (!isLabel(text, start, i)) return false;
    start = i + 1;
  }
  return true;
}

/** `my-name`: a label of a DNS name, at most 63 bytes. */
export function dnsLabelProblems(value: string): readonly string[] {
  const good = isLabel(value, 0, value.length);
  if (good && value.length <= LABEL_MAX) return NONE;
  const problems: string[] = [];
  if (byteLength(value) > LABEL_MAX) problems.push(maxLengthText(LABEL_MAX));
  if (!good) {
    problems.push(
      isSubdomain(value)
        ? "must not contain dots"
        : formText(LABEL_TEXT, LABEL_FORM, "my-name", "123-abc"),
    );
  }
  return problems;
}

/** `example.com`: what most objects may be named, at most 253 bytes. */
export function dnsSubdomainProblems(value: string): readonly string[] {
  const good = isSubdomain(value);
  if (good && value.length <= SUBDOMAIN_MAX) return NONE;
  const problems: string[] = [];
  if (byteLength(value) > SUBDOMAIN_MAX) problems.push(maxLengthText(SUBDOMAIN_MAX));
  if (!good) problems.push(formText(SUBDOMAIN_TEXT, SUBDOMAIN_FORM, "example.com"));
  return problems;
}

/** `abc-123`: a DNS label that starts with a letter. */
export function dns1035LabelProblems(value: string): readonly string[] {
  const good = isLabel(value, 0, value.length) && isLower(value.charCodeAt(0));
  if (good && value.length <= LABEL_MAX) return NONE;
  const problems: string[] = [];
  if (byteLength(value) > LABEL_MAX) problems.push(maxLengthText(LABEL_MAX));
  if (!good) {
    problems.push(
      formText(LABEL_1035_TEXT, "[a-z]([-a-z0-9]*[a-z0-9])?", "my-name", "abc-123"),
    );
  }
  return problems;
}

/** `*.example.com`. */
export function wildcardSubdomainProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > SUBDOMAIN_MAX) problems.push(maxLengthText(SUBDOMAIN_MAX));
  if (!value.startsWith("*.") || !isSubdomain(value, 2)) {
    problems.push(formText(WILDCARD_TEXT, `\\*\\.${SUBDOMAIN_FORM}`, "*.example.com"));
  }
  return problems;
}

/** Alphanumeric at both ends, with `-`, `_` and `.` between. */
function isQualified(text: string, start: number): boolean {
  const end = text.length;
  if (start >= end || !isAlnum(text.charCodeAt(start)) || !isAlnum(text.charCodeAt(end - 1))) {
    return false;
  }
  for (let i = start + 1; i < end - 1; i++) {
    const code = text.charCodeAt(i);
    if (!isAlnum(code) && code !== 0x2d && code !== 0x5f && code !== 0x2e) return false;
  }
  return true;
}

/** `MyName` or `example.com/MyName`: keys of labels and annotations, names of resources and finalizers. */
export function qualifiedNameProblems(value: string): readonly string[] {
  const slash = value.indexOf("/");
  if (
    isQualified(value, slash + 1) && value.length - slash - 1 <= LABEL_MAX &&
    (slash < 0 || (slash <= SUBDOMAIN_MAX && isSubdomain(value.slice(0, slash))))
  ) return NONE;
  const examples = ["MyName", "my.name", "123-abc"];
  if (slash !== value.lastIndexOf("/")) {
    return [
      `a valid label key ${formText(QUALIFIED_TEXT, QUALIFIED_FORM, ...examples)}` +
      " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const problems: string[] = [];
  if (slash === 0) problems.push("prefix part must be non-empty");
  else if (slash > 0) {
    for (const text of dnsSubdomainProblems(value.slice(0, slash))) {
      problems.push(`prefix part ${text}`);
    }
  }
  const name = value.slice(slash + 1);
  if (name === "") problems.push("name part must be non-empty");
  else if (byteLength(name) > LABEL_MAX) {
    problems.push(`name part ${maxLengthText(LABEL_MAX)}`);
  }
  if (!isQualified(name, 0)) {
    problems.push(`name part ${formText(QUALIFIED_TEXT, QUALIFIED_FORM, ...examples)}`);
  }
  return problems;
}

/** The value of a label: empty, or like the name part of a qualified name. */
export function labelValueProblems(value: string): readonly string[] {
  const good = value === "" || isQualified(value, 0);
  if (good && value.length <= LABEL_MAX) return NONE;
  const problems: string[] = [];
  if (byteLength(value) > LABEL_MAX) problems.push(maxLengthText(LABEL_MAX));
  if (!good) {
    problems.push(
      formText(LABEL_VALUE_TEXT, `(${QUALIFIED_FORM})?`, "MyValue", "my_value", "12345"),
    );
  }
  return problems;
}

/** What can stand as one segment of a path: names of roles and bindings. */
export function pathSegmentProblems(value: string): readonly string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"].filter((part) => value.includes(part)).map((part) =>
    `may not contain '${part}'`
  );
}

/** A key of a ConfigMap or Secret, which becomes a file's name. */
export function configKeyProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > SUBDOMAIN_MAX) problems.push(maxLengthText(SUBDOMAIN_MAX));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    problems.push(
      formText(CONFIG_KEY_TEXT, "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"),
    );
  }
  if (value === ".") problems.push("must not be '.'");
  else if (value === "..") problems.push("must not be '..'");
  else if (value.startsWith("..")) problems.push("must not start with '..'");
  return problems;
}

/** A name of an environment variable: printable ASCII without `=`. */
export function envNameProblems(value: string): readonly string[] {
  if (value === "") return ["environment variable name must be non-empty"];
  return /^[ -<>-~]+$/.test(value) ? NONE : [
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ];
}

/** A named port: at most 15 of `a-z0-9-`, with a letter. */
export function portNameProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(value) > 15) problems.push(maxLengthText(15));
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(value)) problems.push("must contain at least one letter (a-z)");
  if (value.includes("--")) problems.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) {
    problems.push("must not begin or end with a hyphen");
  }
  return problems;
}

export function portNumberProblems(value: number): readonly string[] {
  return value >= 1 && value <= 65535 ? NONE : [rangeText(1, 65535)];
}

export function httpHeaderProblems(value: string): readonly string[] {
  return /^[-A-Za-z0-9]+$/.test(value) ? NONE : [
    formText(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      "[-A-Za-z0-9]+",
      "X-Header-Name",
    ),
  ];
}

export function percentProblems(value: string): readonly string[] {
  return /^[0-9]+%$/.test(value) ? NONE : [
    formText(
      "a valid percent string must be a numeric string followed by an ending '%'",
      "[0-9]+%",
      "1%",
      "93%",
    ),
  ];
}
