import type { Container } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

const POLICIES = ["Always", "OnFailure", "Never"];
const ACTIONS = ["Restart", "RestartAllContainers"];
const OPERATORS = ["In", "NotIn"];
const RULES_MAXIMUM = 20;
const EXIT_CODES_MAXIMUM = 255;

/** A container's own restart policy, and what exit codes change of it. */
export function validateRestartRules(container: Container, path: Path, errors: Errors): void {
  const { restartPolicy: policy, restartPolicyRules: rules = [] } = container;
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.notSupported(path.child("restartPolicy"), policy, POLICIES);
  }
  if (rules.length === 0) return;
  const at = path.child("restartPolicyRules");
  if (policy === undefined) {
    errors.required(
      path.child("restartPolicy"),
      "must specify restartPolicy when restart rules are used",
    );
  }
  if (rules.length > RULES_MAXIMUM) errors.tooMany(at, rules.length, RULES_MAXIMUM);
  for (const [i, { action = "", exitCodes }] of rules.entries()) {
    const where = at.at(i);
    if (action === "") errors.required(where.child("action"));
    else if (!ACTIONS.includes(action)) errors.notSupported(where.child("action"), action, ACTIONS);
    if (exitCodes === undefined) {
      errors.required(where.child("exitCodes"), "must be specified");
      continue;
    }
    const codes = where.child("exitCodes");
    const { operator = "", values = [] } = exitCodes;
    if (operator === "") errors.required(codes.child("operator"));
    else if (!OPERATORS.includes(operator)) {
      errors.notSupported(codes.child("operator"), operator, OPERATORS);
    }
    if (values.length > EXIT_CODES_MAXIMUM) {
      errors.tooMany(codes.child("values"), values.length, EXIT_CODES_MAXIMUM);
    }
  }
}
