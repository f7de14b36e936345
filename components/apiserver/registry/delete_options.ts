import { badRequest, invalid, isJsonObject, type JsonObject } from "../../base/mod.ts";
import { isTrue } from "../request_info.ts";

/** meta/v1 DeleteOptions, from the body or the query. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
  /** Older than the policy; false also asks to be told when the object is not gone at once. */
  readonly orphanDependents?: boolean;
}

const POLICIES = ["Foreground", "Background", "Orphan"] as const;

/** Reads the options; a body wins over the query, as upstream. Throws 400 or 422 for what makes no sense. */
export function readDeleteOptions(
  body: JsonObject | undefined,
  query: URLSearchParams,
): DeleteOptions {
  const from: JsonObject = body ?? fromQuery(query);
  const grace = from["gracePeriodSeconds"];
  if (grace !== undefined && grace !== null && typeof grace !== "number") {
    throw badRequest(
      "json: cannot unmarshal into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
    );
  }
  const orphan = from["orphanDependents"];
  const policy = from["propagationPolicy"];
  const kind = { group: "meta.k8s.io", kind: "DeleteOptions" };
  if (typeof orphan === "boolean" && policy !== undefined && policy !== null) {
    throw invalid(kind, "", [{
      reason: "FieldValueInvalid",
      message:
        `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`,
      field: "propagationPolicy",
    }]);
  }
  const known = POLICIES.find((name) => name === policy);
  if (policy !== undefined && policy !== null && policy !== "" && known === undefined) {
    throw invalid(kind, "", [{
      reason: "FieldValueNotSupported",
      message:
        `Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`,
      field: "propagationPolicy",
    }]);
  }
  const chosen = known ??
    (orphan === true ? "Orphan" : orphan === false ? "Background" : undefined);
  const wanted = from["preconditions"];
  const preconditions = isJsonObject(wanted)
    ? {
      ...(typeof wanted["uid"] === "string" ? { uid: wanted["uid"] } : {}),
      ...(typeof wanted["resourceVersion"] === "string"
        ? { resourceVersion: wanted["resourceVersion"] }
        : {}),
    }
    : undefined;
  return {
    ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
    ...(chosen === undefined ? {} : { propagationPolicy: chosen }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(typeof orphan === "boolean" ? { orphanDependents: orphan } : {}),
    dryRun: isDryRun(from["dryRun"], kind.kind) || isDryRun(query.getAll("dryRun"), kind.kind),
  };
}

function fromQuery(query: URLSearchParams): JsonObject {
  const options: JsonObject = {};
  const grace = query.get("gracePeriodSeconds");
  if (grace !== null) {
    if (!/^-?\d+$/.test(grace)) {
      throw badRequest(`strconv.ParseInt: parsing "${grace}": invalid syntax`);
    }
    options["gracePeriodSeconds"] = Number(grace);
  }
  const policy = query.get("propagationPolicy");
  if (policy !== null) options["propagationPolicy"] = policy;
  const orphan = query.get("orphanDependents");
  if (orphan !== null) options["orphanDependents"] = isTrue(orphan);
  return options;
}

/** Dry run knows one value: `All`. `kind` is that of the options that say so. */
export function isDryRun(value: unknown, kind: string): boolean {
  const values = Array.isArray(value)
    ? value
    : value === undefined || value === null
    ? []
    : [value];
  if (values.length === 0) return false;
  for (const item of values) {
    if (item !== "All") {
      throw invalid({ group: "meta.k8s.io", kind }, "", [{
        reason: "FieldValueNotSupported",
        message: `Unsupported value: ["${item}"]: supported values: "All"`,
        field: "dryRun",
      }]);
    }
  }
  return true;
}
