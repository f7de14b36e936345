/**
 * A set of field paths, in the very form of `fieldsV1`: so nothing is decoded or encoded to work with it.
 *
 *     { "f:spec": { "f:replicas": {}, "f:containers": { "k:{\"name\":\"a\"}": { ".": {}, "f:image": {} } } } }
 *
 * A node without members is a path of the set; a node with `.` is one too, beside those below it. Sets are never
 * changed: every function shares what stays the same, and answers its argument itself where nothing changes.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

type Building = Record<string, FieldSet>;

/** The node of a path with nothing below it; as a whole set, the empty one. */
export const LEAF: FieldSet = Object.freeze({});
export const EMPTY_SET: FieldSet = LEAF;
const SELF = ".";

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** True where the node itself is a path of the set. */
export function isMember(node: FieldSet): boolean {
  return node[SELF] !== undefined || isEmptySet(node);
}

/** The node as a path of the set, with what is below it. */
export function withSelf(node: FieldSet): FieldSet {
  return isMember(node) ? node : { [SELF]: LEAF, ...node };
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  return isEmptySet(a) ? b : unionMembers(a, b);
}

function unionMembers(a: FieldSet, b: FieldSet): FieldSet {
  let result: Building | undefined;
  for (const element in b) {
    const [left, right] = [a[element], b[element] as FieldSet];
    const joined = left === undefined ? right : unionNodes(left, right);
    if (joined === left) continue;
    result ??= { ...a };
    result[element] = joined;
  }
  return result ?? a;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmptySet(a)) return isEmptySet(b) ? a : withSelf(b);
  return isEmptySet(b) ? withSelf(a) : unionMembers(a, b);
}

/** The paths of `a` that are not paths of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  return withoutMembers(a, b, differenceNode) ?? EMPTY_SET;
}

function differenceNode(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (a === b) return undefined;
  const gone = isMember(b);
  if (isEmptySet(a)) return gone ? undefined : a;
  const rest = withoutMembers(a, b, differenceNode);
  if (rest === undefined || !gone || rest[SELF] === undefined) return rest;
  const { [SELF]: _, ...below } = rest;
  return isEmptySet(below) ? undefined : below;
}

/** `a` without what stands at or below the paths of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || isEmptySet(b)) return a;
  return withoutMembers(a, b, recursiveNode) ?? EMPTY_SET;
}

function recursiveNode(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (isMember(b)) return undefined;
  return isEmptySet(a) ? a : withoutMembers(a, b, recursiveNode);
}

/** `a` with each member that `b` has too put through `reduce`; undefined when no member is left. */
function withoutMembers(
  a: FieldSet,
  b: FieldSet,
  reduce: (a: FieldSet, b: FieldSet) => FieldSet | undefined,
): FieldSet | undefined {
  let result: Building | undefined;
  for (const element in b) {
    const left = a[element];
    if (left === undefined || element === SELF) continue;
    const rest = reduce(left, b[element] as FieldSet);
    if (rest === left) continue;
    result ??= { ...a };
    if (rest === undefined) delete result[element];
    else result[element] = rest;
  }
  if (result === undefined) return a;
  return isEmptySet(result) ? undefined : result;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Building = {};
  for (const element in b) {
    const left = a[element];
    if (left === undefined || element === SELF) continue;
    const right = b[element] as FieldSet;
    const both = isMember(left) && isMember(right);
    const below = intersection(left, right);
    if (!isEmptySet(below)) result[element] = both ? { [SELF]: LEAF, ...below } : below;
    else if (both) result[element] = LEAF;
  }
  return isEmptySet(result) ? EMPTY_SET : result;
}

export function isSubset(a: FieldSet, b: FieldSet): boolean {
  return isEmptySet(difference(a, b));
}

/** True for a value that has the form of a set: objects all the way down, with known elements. */
export function isFieldSet(value: unknown): value is FieldSet {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const element in value) {
    if (element !== SELF && !/^[fkvi]:/.test(element)) return false;
    if (!isFieldSet((value as Record<string, unknown>)[element])) return false;
  }
  return true;
}

/** A set of dotted paths of plain fields: `status`, `metadata.labels`. */
export function setOfPaths(paths: readonly string[]): FieldSet {
  let set = EMPTY_SET;
  for (const path of paths) {
    const node = path.split(".").reduceRight<FieldSet>((below, name) => ({
      [`f:${name}`]: below,
    }), LEAF);
    set = union(set, node);
  }
  return set;
}
