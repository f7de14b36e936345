import { badRequest, invalid, type StatusCause } from "../../base/mod.ts";
import {
  ALL_FIELDS,
  type FieldMatcher,
  type LabelMatcher,
  MATCH_EVERYTHING,
  parseFieldSelector,
  parseLabelSelector,
  type ResourceDefinition,
} from "../../api/served.ts";

export type VersionMatch = "" | "Exact" | "NotOlderThan";

/** The query of a list, watch or deletecollection, read and checked. */
export interface ListQuery {
  readonly labels: LabelMatcher;
  readonly fields: FieldMatcher;
  /** As it was sent: see `parseRevision`. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: VersionMatch;
  /** 0 where there is none. */
  readonly limit: number;
  readonly continueToken: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

const MATCHES = ["Exact", "NotOlderThan"];
const OPTIONS_KIND = { group: "meta.k8s.io", kind: "ListOptions" };

/** Reads the options of a list, or of a watch. Throws 400 for what cannot be read and 422 for what cannot be meant. */
export function readListQuery(
  query: URLSearchParams,
  definition: ResourceDefinition,
  watch: boolean,
): ListQuery {
  const labels = query.get("labelSelector") ?? "";
  const fields = query.get("fieldSelector") ?? "";
  const sendInitialEvents = query.get("sendInitialEvents");
  const match = query.get("resourceVersionMatch") ?? "";
  const options: ListQuery = {
    labels: labels === "" ? MATCH_EVERYTHING : parseLabelSelector(labels),
    fields: fields === "" ? ALL_FIELDS : parseFieldSelector(fields, definition.fieldLabels),
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: match as VersionMatch,
    limit: readInteger(query.get("limit")) ?? 0,
    continueToken: query.get("continue") ?? "",
    timeoutSeconds: readInteger(query.get("timeoutSeconds")),
    allowWatchBookmarks: readBoolean(query.get("allowWatchBookmarks")),
    sendInitialEvents: sendInitialEvents === null ? undefined : readBoolean(sendInitialEvents),
  };
  const problems = watch ? watchProblems(options, match) : listProblems(options, match);
  if (problems.length > 0) throw invalid(OPTIONS_KIND, "", problems);
  return options;
}

const DECIMAL = /^[+-]?[0-9]{1,18}$/;

/** Reads a revision that a client names; 0 where it names none. `fail` makes the error of a text that is none. */
export function parseRevision(text: string, fail: (problem: StatusCause) => Error): number {
  if (text === "") return 0;
  const revision = /^[0-9]{1,20}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(revision)) {
    throw fail({
      reason: "FieldValueInvalid",
      field: "resourceVersion",
      message: `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${
        JSON.stringify(text)
      }: invalid syntax`,
    });
  }
  return revision;
}

function readInteger(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!DECIMAL.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

/** Anything but `false` and `0` is true, and so is a name without a value. */
function readBoolean(text: string | null): boolean {
  return text !== null && text !== "0" && text.toLowerCase() !== "false";
}

const forbidden = (field: string, message: string): StatusCause => ({
  reason: "FieldValueForbidden",
  field,
  message: `Forbidden: ${message}`,
});

const unsupported = (match: string, supported: readonly string[]): StatusCause => ({
  reason: "FieldValueNotSupported",
  field: "resourceVersionMatch",
  message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${
    supported.map((value) => JSON.stringify(value)).join(", ")
  }`,
});

function listProblems(options: ListQuery, match: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const field = "resourceVersionMatch";
  if (match !== "") {
    if (options.resourceVersion === "") {
      problems.push(
        forbidden(field, `${field} is forbidden unless resourceVersion is provided`),
      );
    }
    if (options.continueToken !== "") {
      problems.push(forbidden(field, `${field} is forbidden when continue is provided`));
    }
    if (!MATCHES.includes(match)) problems.push(unsupported(match, [...MATCHES, ""]));
    if (match === "Exact" && options.resourceVersion === "0") {
      problems.push(
        forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`),
      );
    }
  }
  if (options.sendInitialEvents !== undefined) {
    problems.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return problems;
}

function watchProblems(options: ListQuery, match: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const field = "resourceVersionMatch";
  const initial = options.sendInitialEvents !== undefined;
  if (initial && match !== "NotOlderThan") {
    problems.push(
      forbidden(field, `sendInitialEvents requires setting ${field} to NotOlderThan`),
    );
  }
  if (match === "") return problems;
  if (!initial) {
    problems.push(
      forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`),
    );
  }
  if (match !== "NotOlderThan") problems.push(unsupported(match, ["NotOlderThan"]));
  if (options.continueToken !== "") {
    problems.push(forbidden(field, `${field} is forbidden when continue is provided`));
  }
  return problems;
}
