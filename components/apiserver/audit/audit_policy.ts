import { yamlLibrary } from "../../api/served.ts";

export const LEVELS = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type AuditLevel = typeof LEVELS[number];
export const STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const;
export type AuditStage = typeof STAGES[number];

/** `audit.k8s.io/v1` Policy: what is recorded of which requests. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

/** Empty lists are for everything. */
export interface AuditRule {
  readonly level: AuditLevel;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly GroupResources[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly omitStages: readonly AuditStage[];
  /** Overrules the policy where it is given. */
  readonly omitManagedFields: boolean | undefined;
}

export interface GroupResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

const POLICY_MEMBERS = [
  "apiVersion",
  "kind",
  "metadata",
  "rules",
  "omitStages",
  "omitManagedFields",
];
const RULE_MEMBERS = [
  "level",
  "users",
  "userGroups",
  "verbs",
  "resources",
  "namespaces",
  "nonResourceURLs",
  "omitStages",
  "omitManagedFields",
];
const RESOURCE_MEMBERS = ["group", "resources", "resourceNames"];

type Members = Readonly<Record<string, unknown>>;

/** Reads a policy's YAML or JSON. Throws an `Error` that says where and what. Pure. */
export function readAuditPolicy(text: string): AuditPolicy {
  const policy = membersOf(yamlLibrary().parse(text), "policy", POLICY_MEMBERS);
  if (policy["kind"] !== "Policy" || policy["apiVersion"] !== "audit.k8s.io/v1") {
    throw new Error(
      `unknown group version field ${JSON.stringify(policy["apiVersion"] ?? "")} in policy`,
    );
  }
  const rules = listOf(policy["rules"], "rules").map((rule, i) => readRule(rule, `rules[${i}]`));
  if (rules.length === 0) throw new Error("loaded illegal policy with 0 rules");
  return {
    rules,
    omitStages: stagesOf(policy["omitStages"], "omitStages"),
    omitManagedFields: booleanOf(policy["omitManagedFields"], "omitManagedFields") ?? false,
  };
}

function readRule(value: unknown, at: string): AuditRule {
  const rule = membersOf(value, at, RULE_MEMBERS);
  const level = LEVELS.find((each) => each === rule["level"]);
  if (level === undefined) {
    throw new Error(
      rule["level"] === undefined || rule["level"] === ""
        ? `${at}.level: Required value`
        : `${at}.level: Unsupported value: ${JSON.stringify(rule["level"])}: supported values: ${
          LEVELS.map((each) => JSON.stringify(each)).join(", ")
        }`,
    );
  }
  const resources = listOf(rule["resources"], `${at}.resources`).map((each, i) =>
    readResources(each, `${at}.resources[${i}]`)
  );
  const namespaces = textsOf(rule["namespaces"], `${at}.namespaces`);
  const nonResourceURLs = textsOf(rule["nonResourceURLs"], `${at}.nonResourceURLs`);
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    throw new Error(
      `${at}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs`,
    );
  }
  for (const url of nonResourceURLs) checkUrl(url, `${at}.nonResourceURLs`);
  return {
    level,
    users: textsOf(rule["users"], `${at}.users`),
    userGroups: textsOf(rule["userGroups"], `${at}.userGroups`),
    verbs: textsOf(rule["verbs"], `${at}.verbs`),
    resources,
    namespaces,
    nonResourceURLs,
    omitStages: stagesOf(rule["omitStages"], `${at}.omitStages`),
    omitManagedFields: booleanOf(rule["omitManagedFields"], `${at}.omitManagedFields`),
  };
}

function readResources(value: unknown, at: string): GroupResources {
  const members = membersOf(value, at, RESOURCE_MEMBERS);
  const group = members["group"] ?? "";
  if (typeof group !== "string") throw new Error(`${at}.group: Invalid value: must be a string`);
  const resources = textsOf(members["resources"], `${at}.resources`);
  const resourceNames = textsOf(members["resourceNames"], `${at}.resourceNames`);
  if (resourceNames.length > 0 && resources.length === 0) {
    throw new Error(
      `${at}.resourceNames: Invalid value: using resourceNames requires at least one resource`,
    );
  }
  return { group, resources, resourceNames };
}

function checkUrl(url: string, at: string): void {
  if (url === "*") return;
  if (!url.startsWith("/")) {
    throw new Error(
      `${at}: Invalid value: ${
        JSON.stringify(url)
      }: non-resource URL rules must begin with a '/' character`,
    );
  }
  if (url.slice(0, -1).includes("*")) {
    throw new Error(
      `${at}: Invalid value: ${
        JSON.stringify(url)
      }: non-resource URL wildcards '*' must be the final character of the rule`,
    );
  }
}

function membersOf(value: unknown, at: string, known: readonly string[]): Members {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`${at}: Invalid value: must be an object`);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${at}: unknown field ${JSON.stringify(unknown)}`);
  return value as Members;
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${at}: Invalid value: must be a list`);
  return value;
}

function textsOf(value: unknown, at: string): readonly string[] {
  return listOf(value, at).map((item) => {
    if (typeof item !== "string") throw new Error(`${at}: Invalid value: must be strings`);
    return item;
  });
}

function stagesOf(value: unknown, at: string): readonly AuditStage[] {
  return textsOf(value, at).map((text) => {
    const stage = STAGES.find((each) => each === text);
    if (stage === undefined) {
      throw new Error(
        `${at}: Invalid value: ${JSON.stringify(text)}: allowed stages are ${STAGES.join(",")}`,
      );
    }
    return stage;
  });
}

function booleanOf(value: unknown, at: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw new Error(`${at}: Invalid value: must be a boolean`);
  return value;
}
