import {
  type CelType,
  DYN,
  listOf,
  mapOf,
  parameter,
  sameType,
  typeName,
  typeParameters,
} from "./type.ts";

/** What type parameters stand for so far, as unification found it. */
export class Substitutions {
  readonly #found: Map<string, CelType> = new Map();
  /** What to take back when a trial fails: names with what they stood for. */
  #undo: [string, CelType | undefined][] = [];
  #fresh = 0;

  /** A parameter that no signature has. */
  freshParameter(): CelType {
    return parameter(`_var${this.#fresh++}`);
  }

  /** Whether a value of the first type may be used as the second, both as a trial: failure changes nothing. */
  assignable(from: CelType, to: CelType): boolean {
    return this.allAssignable([from], [to]);
  }

  allAssignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    this.#undo = [];
    if (this.#list(from, to)) return true;
    for (const [name, before] of this.#undo.reverse()) {
      if (before === undefined) this.#found.delete(name);
      else this.#found.set(name, before);
    }
    return false;
  }

  /** The type with what its parameters stand for; free ones become `dyn` where `dyn` is asked for. */
  apply(type: CelType, dyn = false): CelType {
    switch (type.kind) {
      case "parameter": {
        const found = this.#found.get(type.name);
        if (found !== undefined) return this.apply(found, dyn);
        return dyn ? DYN : type;
      }
      case "list": {
        const element = this.apply(type.element, dyn);
        return element === type.element ? type : listOf(element);
      }
      case "map": {
        const key = this.apply(type.key, dyn);
        const value = this.apply(type.value, dyn);
        return key === type.key && value === type.value ? type : mapOf(key, value);
      }
      case "opaque":
        if (type.parameters.length === 0) return type;
        return { ...type, parameters: type.parameters.map((inner) => this.apply(inner, dyn)) };
      case "type":
        return type.of === undefined ? type : { kind: "type", of: this.apply(type.of, dyn) };
      default:
        return type;
    }
  }

  #list(from: readonly CelType[], to: readonly CelType[]): boolean {
    return from.length === to.length &&
      from.every((type, i) => this.#one(type, to[i] as CelType));
  }

  #one(from: CelType, to: CelType): boolean {
    if (to.kind === "parameter") {
      const { valid, known } = this.#stands(from, to.name, to);
      if (valid) return true;
      if (known) return false;
    }
    if (from.kind === "parameter") return this.#stands(to, from.name, from).valid;
    if (isDynOrError(from) || isDynOrError(to)) return true;
    if (from.kind === "null") return takesNull(to);
    if (to.kind === "null") return takesNull(from);
    switch (from.kind) {
      case "type":
        return to.kind === "type";
      case "object":
        return to.kind === "object" && from.name === to.name;
      case "list":
      case "map":
      case "opaque":
        return from.kind === to.kind && typeName(from) === typeName(to) &&
          this.#list(typeParameters(from), typeParameters(to));
      default:
        return from.kind === to.kind;
    }
  }

  /** Whether a parameter may stand for a type; if so, from now on it does. */
  #stands(type: CelType, name: string, self: CelType): { valid: boolean; known: boolean } {
    if (sameType(type, self)) return { valid: true, known: true };
    const found = this.#found.get(name);
    if (found !== undefined) {
      if (sameType(type, found)) return { valid: true, known: true };
      if (!this.#one(type, found)) return { valid: false, known: true };
      const general = moreGeneral(type, found);
      if (!this.#mentions(general, name)) this.#set(name, general);
      return { valid: true, known: true };
    }
    if (this.#mentions(type, name)) return { valid: false, known: false };
    this.#set(name, type);
    return { valid: true, known: false };
  }

  #set(name: string, type: CelType): void {
    this.#undo.push([name, this.#found.get(name)]);
    this.#found.set(name, type);
  }

  /** A parameter must not stand for a type that it is part of. */
  #mentions(type: CelType, name: string): boolean {
    if (type.kind === "parameter") {
      if (type.name === name) return true;
      const found = this.#found.get(type.name);
      return found !== undefined && this.#mentions(found, name);
    }
    return typeParameters(type).some((inner) => this.#mentions(inner, name));
  }
}

export function isDynOrError(type: CelType): boolean {
  return type.kind === "dyn" || type.kind === "error";
}

/** Null may stand where these are expected. */
function takesNull(type: CelType): boolean {
  return type.kind === "null" || type.kind === "opaque" || type.kind === "object" ||
    type.kind === "duration" || type.kind === "timestamp";
}

/** The more general of two types that unify. */
export function moreGeneral(a: CelType, b: CelType): CelType {
  return lessSpecific(a, b) ? a : b;
}

function lessSpecific(a: CelType, b: CelType): boolean {
  if (a.kind === "dyn" || a.kind === "parameter") return true;
  if (b.kind === "dyn" || b.kind === "parameter") return false;
  if (a.kind !== b.kind) return false;
  if (a.kind === "type") return true;
  if (typeName(a) !== typeName(b)) return false;
  const left = typeParameters(a);
  const right = typeParameters(b);
  return left.length === right.length &&
    left.every((inner, i) => lessSpecific(inner, right[i] as CelType));
}
