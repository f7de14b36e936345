import { forbiddenError } from "../authz/mod.ts";
import { requestQuestion } from "../questions.ts";
import type { ConnectContext } from "./connect_context.ts";

/**
 * A WebSocket starts as a GET, whatever it does later: who runs commands in a pod, or reaches into it, needs the right
 * to create there too.
 */
export async function requireCreate({ info, user, authorizer }: ConnectContext): Promise<void> {
  if (info.verb === "create") return;
  const attributes = requestQuestion(info, user, "create");
  const decision = await authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
}
