import { functions, methods, type Overload } from "../overload.ts";
import { traversal } from "../string_cost.ts";
import { BOOL, INT, opaque, STRING } from "../type.ts";
import { ELEMENT, work } from "../work.ts";
import { CelFailure, CelOpaque, type CelValue } from "../value.ts";

export const SEMVER = opaque("kubernetes.Semver");

interface Version {
  /** Major, minor, patch. */
  readonly numbers: readonly [bigint, bigint, bigint];
  /** Parts of what comes before the release; those that are numbers compare as such. */
  readonly before: readonly (string | bigint)[];
  readonly text: string;
}

class SemverValue extends CelOpaque {
  override readonly typeName = SEMVER.name;

  constructor(readonly version: Version) {
    super();
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof SemverValue && compare(this.version, other.version) === 0;
  }

  override toJson(): string {
    return this.version.text;
  }
}

const quote = (text: string): string => JSON.stringify(text);

function readNumber(name: string, text: string): bigint | CelFailure {
  if (!/^[0-9]+$/.test(text)) {
    return new CelFailure(
      `Invalid character(s) found in ${name.toLowerCase()} number ${quote(text)}`,
    );
  }
  if (text.length > 1 && text[0] === "0") {
    return new CelFailure(`${name} number must not contain leading zeroes ${quote(text)}`);
  }
  const value = text.length > 20 ? 2n ** 64n : BigInt(text);
  if (value < 2n ** 64n) return value;
  return new CelFailure(`strconv.ParseUint: parsing ${quote(text)}: value out of range`);
}

function readBefore(text: string): string | bigint | CelFailure {
  if (text === "") return new CelFailure("Prerelease is empty");
  if (/^[0-9]+$/.test(text)) {
    if (text.length > 1 && text[0] === "0") {
      return new CelFailure(
        `Numeric PreRelease version must not contain leading zeroes ${quote(text)}`,
      );
    }
    return readNumber("prerelease", text);
  }
  return /^[0-9A-Za-z-]+$/.test(text)
    ? text
    : new CelFailure(`Invalid character(s) found in prerelease ${quote(text)}`);
}

function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Three parts, the last with all that follows. */
function parts(text: string): string[] {
  const [first, rest] = splitAt(text, ".");
  if (rest === undefined) return [first];
  const [second, third] = splitAt(rest, ".");
  return third === undefined ? [first, second] : [first, second, third];
}

function parse(text: string): Version | CelFailure {
  if (text === "") return new CelFailure("Version string empty");
  const [majorText = "", minorText = "", rest] = parts(text);
  if (rest === undefined) return new CelFailure("No Major.Minor.Patch elements found");
  const major = readNumber("Major", majorText);
  if (major instanceof CelFailure) return major;
  const minor = readNumber("Minor", minorText);
  if (minor instanceof CelFailure) return minor;
  const [withBefore, build] = splitAt(rest, "+");
  const [patchText, beforeText] = splitAt(withBefore, "-");
  const patch = readNumber("Patch", patchText);
  if (patch instanceof CelFailure) return patch;
  const before: (string | bigint)[] = [];
  for (const part of beforeText?.split(".") ?? []) {
    const read = readBefore(part);
    if (read instanceof CelFailure) return read;
    before.push(read);
  }
  for (const part of build?.split(".") ?? []) {
    if (part === "") return new CelFailure("Build meta data is empty");
    if (!/^[0-9A-Za-z-]+$/.test(part)) {
      return new CelFailure(`Invalid character(s) found in build meta data ${quote(part)}`);
    }
  }
  return { numbers: [major, minor, patch], before, text };
}

/** `v1.02` becomes `1.2.0`. */
function normalized(text: string): string | CelFailure {
  const all = parts(text.startsWith("v") ? text.slice(1) : text).map((part) => {
    if (part.length <= 1) return part;
    const trimmed = part.replace(/^0+/, "");
    return /^[0-9]/.test(trimmed) ? trimmed : `0${trimmed}`;
  });
  if (all.length < 3 && /[+-]/.test(all.at(-1) ?? "")) {
    return new CelFailure("short version cannot contain PreRelease/Build meta data");
  }
  while (all.length < 3) all.push("0");
  return all.join(".");
}

export function semver(text: string, normalize = false): CelOpaque | CelFailure {
  const plain = normalize ? normalized(text) : text;
  if (plain instanceof CelFailure) return plain;
  const version = parse(plain);
  return version instanceof CelFailure ? version : new SemverValue(version);
}

function compare(a: Version, b: Version): -1 | 0 | 1 {
  work(Math.min(a.before.length, b.before.length) * ELEMENT);
  for (let i = 0; i < 3; i++) {
    const left = a.numbers[i] as bigint;
    const right = b.numbers[i] as bigint;
    if (left !== right) return left < right ? -1 : 1;
  }
  // The release comes after all that came before it.
  if (a.before.length === 0 || b.before.length === 0) {
    return a.before.length === b.before.length ? 0 : a.before.length === 0 ? 1 : -1;
  }
  for (let i = 0; i < a.before.length && i < b.before.length; i++) {
    const left = a.before[i] as string | bigint;
    const right = b.before[i] as string | bigint;
    if (left === right) continue;
    if (typeof left !== typeof right) return typeof left === "bigint" ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.before.length === b.before.length ? 0 : a.before.length < b.before.length ? -1 : 1;
}

const order = (a: SemverValue, b: SemverValue): number => compare(a.version, b.version);
const part = (index: 0 | 1 | 2) => ({ version }: SemverValue): bigint => version.numbers[index];
const is = (value: CelValue): boolean => !(value instanceof CelFailure);
const PAIR = [SEMVER, SEMVER];
const walk = traversal();

/** Semantic versions. */
export const semvers: readonly Overload[] = [
  ...functions("semver", [
    ["string_to_semver", [STRING], SEMVER, semver],
    ["string_bool_to_semver", [STRING, BOOL], SEMVER, semver],
  ], walk),
  ...functions("isSemver", [
    ["is_semver_string", [STRING], BOOL, (text: string) => is(semver(text))],
    [
      "is_semver_string_bool",
      [STRING, BOOL],
      BOOL,
      (text: string, normalize: boolean) => is(semver(text, normalize)),
    ],
  ], walk),
  ...methods("isGreaterThan", [["semver_is_greater_than", PAIR, BOOL, (
    a: SemverValue,
    b: SemverValue,
  ) => order(a, b) > 0]]),
  ...methods("isLessThan", [[
    "semver_is_less_than",
    PAIR,
    BOOL,
    (a: SemverValue, b: SemverValue) => order(a, b) < 0,
  ]]),
  ...methods("compareTo", [[
    "semver_compare_to",
    PAIR,
    INT,
    (a: SemverValue, b: SemverValue) => BigInt(order(a, b)),
  ]]),
  ...methods("major", [["semver_major", [SEMVER], INT, part(0)]]),
  ...methods("minor", [["semver_minor", [SEMVER], INT, part(1)]]),
  ...methods("patch", [["semver_patch", [SEMVER], INT, part(2)]]),
];
