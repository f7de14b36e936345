import { byteLength, dnsLabelProblems, dnsSubdomainProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateDriverName } from "../storage_drivers.ts";

const POOL_NAME_MAXIMUM = 253;
const IDENTIFIER_MAXIMUM = 32;
const IDENTIFIER =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' " +
  "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";

export function validateLabelName(name: string, path: Path, errors: Errors): void {
  errors.invalidAll(path, name, dnsLabelProblems(name));
}

/** Subdomains, with slashes between them. */
export function validatePoolName(name: string, path: Path, errors: Errors): void {
  if (name === "") return errors.required(path);
  if (byteLength(name) > POOL_NAME_MAXIMUM) errors.tooLong(path, POOL_NAME_MAXIMUM);
  for (const part of name.split("/")) errors.invalidAll(path, part, dnsSubdomainProblems(part));
}

function validateIdentifier(name: string, path: Path, errors: Errors): void {
  if (byteLength(name) > IDENTIFIER_MAXIMUM) errors.tooLong(path, IDENTIFIER_MAXIMUM);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) errors.invalid(path, name, IDENTIFIER);
}

/** `model` or `gpu.example.com/model`: names of attributes and capacities. */
export function validateQualifiedName(name: string, path: Path, errors: Errors): void {
  const [first = "", second, ...more] = name.split("/");
  if (second === undefined) return validateIdentifier(first, path, errors);
  if (more.length > 0) return errors.invalid(path, name, "must not contain more than one slash");
  if (first === "") errors.invalid(path, "", "the domain must not be empty");
  else validateDriverName(first, path, errors);
  if (second === "") errors.invalid(path, "", "the name must not be empty");
  else validateIdentifier(second, path, errors);
}

export function validateFullName(name: string, path: Path, errors: Errors): void {
  validateQualifiedName(name, path, errors);
  if (!name.includes("/")) {
    errors.invalid(
      path,
      name,
      "a fully qualified name must be a domain and a name separated by a slash",
    );
  }
}

/** A key as paths show it: long ones without their middle. */
export function shownKey(key: string, maximum: number): string {
  if (key.length <= maximum) return key;
  const rest = maximum - 3;
  return `${key.slice(0, Math.ceil(rest / 2))}...${key.slice(key.length - Math.floor(rest / 2))}`;
}

export const QUALIFIED_NAME_MAXIMUM = 63 + 1 + IDENTIFIER_MAXIMUM;

/** The items of a list: no more than `maximum`, and, where they have keys, none twice. */
export function validateItems<T>(
  items: readonly T[] | undefined,
  maximum: number,
  path: Path,
  errors: Errors,
  validate: (item: T, path: Path) => void,
  keyOf?: (item: T) => string,
): void {
  if (items === undefined) return;
  if (items.length > maximum) return errors.tooMany(path, items.length, maximum);
  for (const [i, item] of items.entries()) validate(item, path.at(i));
  if (keyOf === undefined) return;
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const key = keyOf(item);
    if (seen.has(key)) errors.duplicate(path.at(i), key);
    seen.add(key);
  }
}
