import type {
  AuditAnnotation,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from "../generated/types.ts";
import {
  CEL_ADMISSION_RESULTS,
  celMutationType,
  celPolicyVariables,
  type CelType,
  CelTypes,
  celWithoutAuthorizer,
} from "../cel/mod.ts";
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
} from "../names.ts";
import {
  validateExpression,
  validateMatchConditions,
  validateMatchResources,
} from "./admission_matching.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";

const SPEC = Path.of("spec");
const ANNOTATIONS_MAXIMUM = 20;
const VALUE_EXPRESSION_MAXIMUM_BYTES = 5 * 1024;
const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
const ACTIONS = ["Audit", "Deny", "Warn"];

export function validateValidatingPolicy(
  { metadata, spec = {} }: ValidatingAdmissionPolicy,
  errors: Errors,
): void {
  const variables = validateCommon(spec, errors);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = "validations or auditAnnotations must contain at least one item";
    errors.required(SPEC.child("validations"), detail);
    errors.required(SPEC.child("auditAnnotations"), detail);
    return;
  }
  for (const [i, validation] of validations.entries()) {
    validateValidation(validation, variables, SPEC.child("validations").at(i), errors);
  }
  const at = SPEC.child("auditAnnotations");
  if (auditAnnotations.length > ANNOTATIONS_MAXIMUM) {
    const detail = `must not have more than ${ANNOTATIONS_MAXIMUM} auditAnnotations`;
    errors.invalid(at, auditAnnotations, detail);
  }
  const keys = new Set<string>();
  for (const [i, annotation] of auditAnnotations.entries()) {
    validateAnnotation(annotation, metadata?.name ?? "", variables, at.at(i), errors);
    const { key = "" } = annotation;
    if (keys.has(key)) errors.duplicate(at.at(i).child("key"), key);
    keys.add(key);
  }
}

export function validateMutatingPolicy(
  { spec = {} }: MutatingAdmissionPolicy,
  errors: Errors,
): void {
  const variables = validateCommon(spec, errors);
  const { mutations = [], reinvocationPolicy = "" } = spec;
  if (mutations.length === 0) {
    errors.required(SPEC.child("mutations"), "mutations must contain at least one item");
  }
  for (const [i, mutation] of mutations.entries()) {
    validateMutation(mutation, variables, SPEC.child("mutations").at(i), errors);
  }
  if (reinvocationPolicy === "") errors.required(SPEC.child("reinvocationPolicy"));
}

type Variables = Readonly<Record<string, CelType>>;

/** What both kinds have; answers the variables that expressions of the policy may use. */
function validateCommon(
  spec: {
    readonly paramKind?: ParamKind;
    readonly matchConstraints?: MatchResources;
    readonly matchConditions?: MatchCondition[];
    readonly variables?: Variable[];
  },
  errors: Errors,
): Variables {
  const { paramKind, matchConstraints } = spec;
  if (paramKind !== undefined) validateParamKind(paramKind, SPEC.child("paramKind"), errors);
  const at = SPEC.child("matchConstraints");
  if (matchConstraints === undefined) errors.required(at);
  else {
    validateMatchResources(matchConstraints, at, errors);
    if ((matchConstraints.resourceRules ?? []).length === 0) {
      errors.required(at.child("resourceRules"));
    }
  }
  const scope = celPolicyVariables(paramKind !== undefined);
  validateMatchConditions(
    spec.matchConditions,
    SPEC.child("matchConditions"),
    errors,
    scope,
  );
  const types: Record<string, CelType> = {};
  for (const [i, variable] of (spec.variables ?? []).entries()) {
    const place = SPEC.child("variables").at(i);
    const { name = "", expression = "" } = variable;
    if (name.trim() === "") errors.required(place.child("name"), "name is not specified");
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name)) {
      errors.invalid(place.child("name"), name, "name is not a valid CEL identifier");
    }
    const composed = { ...scope, variables: variablesType(types) };
    const type = validateExpression(
      expression,
      { variables: composed },
      place.child("expression"),
      errors,
    );
    types[name] = type ?? { kind: "dyn" };
  }
  return { ...scope, variables: variablesType(types) };
}

const variablesType = (types: Variables): CelType =>
  CelTypes.object("kubernetes.variables", { ...types });

function validateValidation(
  { expression = "", message = "", messageExpression = "", reason }: Validation,
  variables: Variables,
  path: Path,
  errors: Errors,
): void {
  const { condition, message: text } = CEL_ADMISSION_RESULTS;
  validateExpression(
    expression,
    { variables, expects: condition },
    path.child("expression"),
    errors,
  );
  const at = path.child("messageExpression");
  if (messageExpression !== "" && messageExpression.trim() === "") {
    errors.invalid(at, messageExpression, "must be non-empty if specified");
  } else if (messageExpression !== "") {
    const scope = { variables: celWithoutAuthorizer(variables), expects: text };
    validateExpression(messageExpression, scope, at, errors);
  }
  if (message !== "" && message.trim() === "") {
    errors.invalid(path.child("message"), message, "message must be non-empty if specified");
  } else if (hasNewlines(message.trim())) {
    errors.invalid(path.child("message"), message, "message must not contain line breaks");
  } else if (message === "" && hasNewlines(expression.trim())) {
    errors.required(
      path.child("message"),
      "message must be specified if expression contains line breaks",
    );
  }
  if (reason !== undefined && !REASONS.includes(reason)) {
    errors.notSupported(path.child("reason"), reason, REASONS);
  }
}

const hasNewlines = (text: string): boolean => /[\r\n]/.test(text);

function validateAnnotation(
  { key = "", valueExpression = "" }: AuditAnnotation,
  policy: string,
  variables: Variables,
  path: Path,
  errors: Errors,
): void {
  if (policy === "") errors.required(path.child("key"), "requires metadata.name be non-empty");
  else {
    const name = `${policy}/${key}`;
    errors.invalidAll(path.child("key"), name, qualifiedNameProblems(name));
  }
  const at = path.child("valueExpression");
  if (valueExpression.trim() === "") errors.required(at, "valueExpression is not specified");
  else if (new TextEncoder().encode(valueExpression).length > VALUE_EXPRESSION_MAXIMUM_BYTES) {
    errors.required(at, `must not exceed ${VALUE_EXPRESSION_MAXIMUM_BYTES} bytes in length`);
  } else {
    const expects = CEL_ADMISSION_RESULTS.annotation;
    validateExpression(
      valueExpression,
      { variables: celWithoutAuthorizer(variables), expects },
      at,
      errors,
    );
  }
}

function validateMutation(
  { patchType = "", applyConfiguration, jsonPatch }: Mutation,
  variables: Variables,
  path: Path,
  errors: Errors,
): void {
  if (patchType !== "ApplyConfiguration" && patchType !== "JSONPatch") {
    if (patchType === "") errors.required(path.child("patchType"));
    else {
      const known = ["ApplyConfiguration", "JSONPatch"];
      errors.notSupported(path.child("patchType"), patchType, known);
    }
    return;
  }
  const [own, member, other, otherMember] = patchType === "JSONPatch"
    ? [jsonPatch, "jsonPatch", applyConfiguration, "applyConfiguration"] as const
    : [applyConfiguration, "applyConfiguration", jsonPatch, "jsonPatch"] as const;
  if (own === undefined) {
    errors.required(path.child(member), `must be specified when patchType is ${patchType}`);
  } else {
    const expects = CEL_ADMISSION_RESULTS[patchType];
    const scope = { variables, expects, objectType: celMutationType };
    validateExpression(own.expression ?? "", scope, path.child(member).child("expression"), errors);
  }
  if (other !== undefined) {
    const detail = `must not be specified when patchType is ${patchType}`;
    errors.invalid(path.child(otherMember), otherMember, detail);
  }
}

function validateParamKind(
  { apiVersion = "", kind = "" }: ParamKind,
  path: Path,
  errors: Errors,
): void {
  const at = path.child("apiVersion");
  if (apiVersion === "") errors.required(at);
  else {
    const [group, version, ...rest] = apiVersion.includes("/")
      ? apiVersion.split("/")
      : ["", apiVersion];
    if (rest.length > 0) {
      errors.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    } else {
      errors.invalidAll(at, version, dns1035LabelProblems(version ?? ""));
      if (group !== "") errors.invalidAll(at, group, dnsSubdomainProblems(group ?? ""));
    }
  }
  if (kind === "") errors.required(path.child("kind"));
  else {
    const problems = dns1035LabelProblems(kind.toLowerCase());
    if (problems.length > 0) {
      errors.invalid(
        path.child("kind"),
        kind,
        `may have mixed case, but should otherwise match: ${problems.join(",")}`,
      );
    }
  }
}

export function validateValidatingBinding(
  { spec = {} }: ValidatingAdmissionPolicyBinding,
  errors: Errors,
): void {
  validateBinding(spec, errors);
  const { validationActions: actions = [] } = spec;
  const at = SPEC.child("validationActions");
  if (actions.length === 0) errors.required(at, "at least one validation action is required");
  for (const [i, action] of actions.entries()) {
    if (!ACTIONS.includes(action)) errors.notSupported(at.at(i), action, ACTIONS);
    if (actions.indexOf(action) < i) errors.duplicate(at.at(i), action);
  }
  if (actions.includes("Deny") && actions.includes("Warn")) {
    errors.invalid(
      at,
      actions,
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
    );
  }
}

export function validateMutatingBinding(
  { spec = {} }: MutatingAdmissionPolicyBinding,
  errors: Errors,
): void {
  validateBinding(spec, errors);
}

function validateBinding(
  { policyName = "", paramRef, matchResources }: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
  },
  errors: Errors,
): void {
  if (policyName === "") errors.required(SPEC.child("policyName"));
  else {
    errors.invalidAll(SPEC.child("policyName"), policyName, dnsSubdomainProblems(policyName));
  }
  if (paramRef !== undefined) validateParamRef(paramRef, SPEC.child("paramRef"), errors);
  if (matchResources !== undefined) {
    // Upstream's own spelling.
    validateMatchResources(matchResources, SPEC.child("matchResouces"), errors);
  }
}

function validateParamRef(
  { name = "", selector, parameterNotFoundAction = "" }: ParamRef,
  path: Path,
  errors: Errors,
): void {
  const exclusive = "name and selector are mutually exclusive";
  if (name !== "") {
    errors.invalidAll(path.child("name"), name, pathSegmentProblems(name));
    if (selector !== undefined) errors.forbidden(path.child("name"), exclusive);
  }
  if (selector !== undefined) {
    validateLabelSelector(selector, path.child("selector"), errors);
    if (name !== "") errors.forbidden(path.child("selector"), exclusive);
  }
  if (name === "" && selector === undefined) {
    errors.required(path, "one of name or selector must be specified");
  }
  const at = path.child("parameterNotFoundAction");
  if (parameterNotFoundAction === "") errors.required(at);
  else if (parameterNotFoundAction !== "Allow" && parameterNotFoundAction !== "Deny") {
    errors.notSupported(at, parameterNotFoundAction, ["Allow", "Deny"]);
  }
}
