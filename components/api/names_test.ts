import assert from "node:assert/strict";
import {
  configKeyProblems,
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  envNameProblems,
  labelValueProblems,
  pathSegmentProblems,
  portNameProblems,
  qualifiedNameProblems,
  wildcardSubdomainProblems,
} from "./names.ts";

type Rule = (value: string) => readonly string[];

function check(rule: Rule, good: string[], bad: [string, string[]][]): void {
  for (const value of good) assert.deepEqual(rule(value), [], value);
  for (const [value, texts] of bad) assert.deepEqual(rule(value), texts, value);
}

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

Deno.test("names of DNS", () => {
  check(dnsLabelProblems, ["a", "0", "a-b", "a".repeat(63)], [
    ["", [LABEL]],
    ["-a", [LABEL]],
    ["A", [LABEL]],
    ["a.b", ["must not contain dots"]],
    ["a".repeat(64), ["must be no more than 63 bytes"]],
  ]);
  check(dnsSubdomainProblems, ["a", "a.b-c.d"], [
    ["a..b", [SUBDOMAIN]],
    ["a.", [SUBDOMAIN]],
    ["My_Name", [SUBDOMAIN]],
    ["a".repeat(254), ["must be no more than 253 bytes"]],
  ]);
  assert.deepEqual(dns1035LabelProblems("a1"), []);
  assert.match(dns1035LabelProblems("1a")[0] ?? "", /^a DNS-1035 label must/);
  assert.deepEqual(wildcardSubdomainProblems("*.a.b"), []);
  assert.match(wildcardSubdomainProblems("*a.b")[0] ?? "", /^a wildcard DNS-1123 subdomain/);
});

Deno.test("qualified names and label values", () => {
  check(qualifiedNameProblems, ["a", "a.b_c-D", "example.com/a", "1"], [
    ["", ["name part must be non-empty", NAME]],
    ["a b", [NAME]],
    ["/a", ["prefix part must be non-empty"]],
    ["A/a", [`prefix part ${SUBDOMAIN}`]],
    ["a".repeat(64), ["name part must be no more than 63 bytes"]],
  ]);
  assert.match(qualifiedNameProblems("a/b/c")[0] ?? "", /^a valid label key must consist/);
  check(labelValueProblems, ["", "a", "A_b.c-d"], []);
  assert.match(labelValueProblems("-a")[0] ?? "", /'MyValue', {2}or 'my_value', {2}or '12345'/);
});

Deno.test("keys, path segments, variables and ports", () => {
  check(pathSegmentProblems, ["system:a", "..a"], [
    ["..", ["may not be '..'"]],
    ["a/b%", ["may not contain '/'", "may not contain '%'"]],
  ]);
  check(configKeyProblems, ["a.b", "_"], [["..", ["must not be '..'"]], ["..a", [
    "must not start with '..'",
  ]]]);
  assert.match(configKeyProblems("a/b")[0] ?? "", /^a valid config key/);
  check(envNameProblems, ["A", "1 b"], [["", ["environment variable name must be non-empty"]]]);
  assert.equal(envNameProblems("a=b").length, 1);
  check(portNameProblems, ["http"], [
    ["1234", ["must contain at least one letter (a-z)"]],
    ["a--b", ["must not contain consecutive hyphens"]],
    ["-a", ["must not begin or end with a hyphen"]],
  ]);
});
