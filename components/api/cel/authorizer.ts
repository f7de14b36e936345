import { type CelOpaqueType, opaque } from "./type.ts";
import { CelFailure, CelOpaque } from "./value.ts";

/** What an expression asks: may this user do this? */
export interface CelAuthorizationCheck {
  /** Undefined for the user of the request. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined;
  readonly verb: string;
  /** A path that is no resource, or a resource. */
  readonly target: { readonly path: string } | CelResourceTarget;
}

/** Members that are not asked for are empty. Selectors are as they were written, and may be none. */
export interface CelResourceTarget {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface CelAuthorizationDecision {
  readonly allowed: boolean;
  readonly reason: string;
  /** Empty where the check itself went well. */
  readonly error: string;
}

/**
 * Decides at once, or answers undefined where it must ask first. Then the evaluation ends with a `CelPending`, which
 * says what was asked and costs nothing: the caller asks, keeps the decision, and evaluates again.
 */
export interface CelAuthorizer {
  decide(check: CelAuthorizationCheck): CelAuthorizationDecision | undefined;
}

/** No value yet: a decision of the authorizer is missing. */
export class CelPending extends CelFailure {
  readonly check: CelAuthorizationCheck;

  constructor(check: CelAuthorizationCheck) {
    super("a decision of the authorizer is missing", "pending");
    this.check = check;
  }
}

export const AUTHORIZER: CelOpaqueType = opaque("kubernetes.authorization.Authorizer");
export const PATH_CHECK: CelOpaqueType = opaque("kubernetes.authorization.PathCheck");
export const GROUP_CHECK: CelOpaqueType = opaque("kubernetes.authorization.GroupCheck");
export const RESOURCE_CHECK: CelOpaqueType = opaque("kubernetes.authorization.ResourceCheck");
export const DECISION: CelOpaqueType = opaque("kubernetes.authorization.Decision");

/** Who decides, and for whom. */
interface Asking {
  readonly authorizer: CelAuthorizer;
  readonly serviceAccount: CelAuthorizationCheck["serviceAccount"];
}

/** A value that has methods and nothing else. It equals none, not even itself, as upstream's do. */
abstract class MethodsOnly extends CelOpaque {
  override equals(): boolean {
    return false;
  }

  override toJson(): unknown {
    return null;
  }
}

export class AuthorizerValue extends MethodsOnly {
  override readonly typeName = AUTHORIZER.name;

  constructor(readonly asking: Asking) {
    super();
  }
}

export class PathCheck extends MethodsOnly {
  override readonly typeName = PATH_CHECK.name;

  constructor(readonly asking: Asking, readonly path: string) {
    super();
  }
}

export class GroupCheck extends MethodsOnly {
  override readonly typeName = GROUP_CHECK.name;

  constructor(readonly asking: Asking, readonly group: string) {
    super();
  }
}

export class ResourceCheck extends MethodsOnly {
  override readonly typeName = RESOURCE_CHECK.name;

  constructor(readonly asking: Asking, readonly target: CelResourceTarget) {
    super();
  }

  with(change: Partial<CelResourceTarget>): ResourceCheck {
    return new ResourceCheck(this.asking, { ...this.target, ...change });
  }
}

export class DecisionValue extends MethodsOnly {
  override readonly typeName = DECISION.name;

  constructor(readonly decision: CelAuthorizationDecision) {
    super();
  }
}

/** The value of the variable `authorizer`. */
export function celAuthorizer(authorizer: CelAuthorizer): CelOpaque {
  return new AuthorizerValue({ authorizer, serviceAccount: undefined });
}

/** The value of `authorizer.requestResource`: the resource that the request is about. */
export function celResourceAuthorizer(
  authorizer: CelAuthorizer,
  target: Pick<CelResourceTarget, "group" | "resource" | "subresource" | "namespace" | "name">,
): CelOpaque {
  const asking = { authorizer, serviceAccount: undefined };
  return new ResourceCheck(asking, { ...target, fieldSelector: "", labelSelector: "" });
}
