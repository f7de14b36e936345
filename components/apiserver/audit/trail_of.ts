import type { AuditTrail } from "./audit_trail.ts";

const trails = new WeakMap<Request, AuditTrail>();

/** From now on whoever has the request can add to what is recorded of it. */
export const follow = (request: Request, trail: AuditTrail): void =>
  void trails.set(request, trail);

/** Undefined where nothing of the request is recorded. */
export const trailOf = (request: Request): AuditTrail | undefined => trails.get(request);
