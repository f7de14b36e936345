/** Every cell of what a list does with resourceVersion, resourceVersionMatch and limit. */
import { type Cases, type Step, testCases } from "./parity_case.ts";

const names = (...list: string[]) => ({ items: list.map((name) => ({ metadata: { name } })) });
const make = (name: string, keep: string): Step => ({
  send: "POST configmaps",
  body: { metadata: { name } },
  code: 201,
  keep: { [keep]: "metadata.resourceVersion" },
});
/** At `$old` there is one, at `$now` there are three. */
const THREE = [make("a", "old"), make("b", "mid"), make("c", "now")];
const FORBIDDEN = "FieldValueForbidden";

function list(query: string, expected: Partial<Step>): readonly Step[] {
  return [...THREE, { send: `GET configmaps?${query}`, code: 200, ...expected }];
}

const refused = (query: string, message: string, reason = FORBIDDEN) =>
  list(query, {
    code: 422,
    reason: "Invalid",
    message: `ListOptions.meta.k8s.io "" is invalid: ${message}`,
    has: { details: { causes: [{ reason, field: "resourceVersionMatch" }] } },
  });

const NEEDS_REVISION =
  "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided";
const ALL = { has: names("a", "b", "c"), lacks: ["metadata.continue"] };
const FIRST = { has: { ...names("a"), metadata: { remainingItemCount: 2 } } };

const CELLS: Cases = {
  "unset": list("", ALL),
  "unset, limit": list("limit=1", FIRST),
  "unset, Exact": refused("resourceVersionMatch=Exact", NEEDS_REVISION),
  "unset, NotOlderThan": refused("resourceVersionMatch=NotOlderThan", NEEDS_REVISION),
  "unset, Exact, limit": refused("resourceVersionMatch=Exact&limit=1", NEEDS_REVISION),
  "0": list("resourceVersion=0", ALL),
  "0, limit": list("resourceVersion=0&limit=1", ALL),
  "0, NotOlderThan": list("resourceVersion=0&resourceVersionMatch=NotOlderThan", ALL),
  "0, NotOlderThan, limit": list(
    "resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=1",
    ALL,
  ),
  "0, Exact": refused(
    "resourceVersion=0&resourceVersionMatch=Exact",
    'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  ),
  "N": list("resourceVersion=$old", ALL),
  "N, limit": list("resourceVersion=$old&limit=1", {
    has: { ...names("a"), metadata: { resourceVersion: "$old" } },
    lacks: ["metadata.continue"],
  }),
  "N, NotOlderThan": list("resourceVersion=$old&resourceVersionMatch=NotOlderThan", ALL),
  "N, NotOlderThan, limit": list(
    "resourceVersion=$old&resourceVersionMatch=NotOlderThan&limit=1",
    FIRST,
  ),
  "N, Exact": list("resourceVersion=$mid&resourceVersionMatch=Exact", {
    has: { ...names("a", "b"), metadata: { resourceVersion: "$mid" } },
  }),
  "N, Exact, limit": list("resourceVersion=$mid&resourceVersionMatch=Exact&limit=1", {
    has: { ...names("a"), metadata: { resourceVersion: "$mid", remainingItemCount: 1 } },
  }),
  "the present, Exact": list("resourceVersion=$now&resourceVersionMatch=Exact", ALL),
  "N, a match that is none": refused(
    "resourceVersion=$old&resourceVersionMatch=Newest",
    'resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
    "FieldValueNotSupported",
  ),
  "the future": list("resourceVersion=999999", {
    slow: true,
    code: 504,
    reason: "Timeout",
    has: {
      details: {
        causes: [{
          reason: "ResourceVersionTooLarge",
          message: "Too large resource version",
        }],
        retryAfterSeconds: 1,
      },
    },
  }),
  "a page, then the next at the same revision": [
    ...list("limit=2", {
      keep: { next: "metadata.continue", rv: "metadata.resourceVersion" },
      has: { ...names("a", "b"), metadata: { remainingItemCount: 1 } },
    }),
    make("d", "later"),
    {
      send: "GET configmaps?limit=2&continue=$next",
      code: 200,
      has: { ...names("c"), metadata: { resourceVersion: "$rv" } },
      lacks: ["metadata.continue", "metadata.remainingItemCount"],
    },
  ],
  "a page with a selector does not tell how many remain": list("limit=1&labelSelector=!x", {
    has: names("a"),
    lacks: ["metadata.remainingItemCount"],
    keep: { next: "metadata.continue" },
  }),
  "a page with a revision of its own": [
    ...list("limit=1", { keep: { next: "metadata.continue" } }),
    {
      send: "GET configmaps?limit=1&continue=$next&resourceVersion=5",
      code: 400,
      reason: "BadRequest",
      message: "specifying resource version is not allowed when using continue",
    },
    {
      send: "GET configmaps?limit=1&continue=$next&resourceVersion=0",
      code: 200,
      has: names("b"),
    },
    {
      send: "GET configmaps?continue=$next&resourceVersion=5&resourceVersionMatch=Exact",
      code: 422,
      message: 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ' +
        "resourceVersionMatch is forbidden when continue is provided",
    },
  ],
  "a limit below nothing": list("limit=-1", ALL),
  "a limit that is no number": list("limit=x", { code: 400, reason: "BadRequest" }),
  "get of one at a revision": [...THREE, {
    send: "GET configmaps/a?resourceVersion=$now",
    code: 200,
    has: { metadata: { name: "a" } },
  }, {
    send: "GET configmaps/a?resourceVersion=0",
    code: 200,
  }, {
    send: "GET configmaps/a?resourceVersion=999999",
    slow: true,
    code: 504,
    reason: "Timeout",
  }, {
    send: "GET configmaps/a?resourceVersion=x",
    code: 400,
    reason: "BadRequest",
  }],
};
testCases("cells of list options", CELLS);

const bad = (selector: string, message: string): readonly Step[] => [{
  send: `GET configmaps?labelSelector=${encodeURIComponent(selector)}`,
  code: 400,
  reason: "BadRequest",
  message,
}];
const labelled = (name: string, labels: Record<string, string>): Step => ({
  send: "POST configmaps",
  body: { metadata: { name, labels } },
  code: 201,
});
const LABELLED = [
  labelled("a", { x: "1", n: "5" }),
  labelled("b", { x: "2", n: "10" }),
  labelled("c", {}),
];
const chosen = (selector: string, ...found: string[]): readonly Step[] => [...LABELLED, {
  send: `GET configmaps?labelSelector=${encodeURIComponent(selector)}`,
  code: 200,
  has: names(...found),
}];
const LABELS: Cases = {
  "equality": chosen("x=1", "a"),
  "double equality": chosen("x==1", "a"),
  "inequality keeps those without": chosen("x!=1", "b", "c"),
  "in": chosen("x in (1, 2)", "a", "b"),
  "in nothing": bad(
    "x in ()",
    "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
  ),
  "notin": chosen("x notin (1)", "b", "c"),
  "exists": chosen("x", "a", "b"),
  "not exists": chosen("!x", "c"),
  "greater": chosen("n>5", "b"),
  "less": chosen("n<10", "a"),
  "all of several": chosen("x,n>5,x!=1", "b"),
  "an operator that is none": bad(
    "x ~ 1",
    "unable to parse requirement: found '~', expected: in, notin, =, ==, !=, gt, lt",
  ),
  "an open list": bad(
    "x in (1",
    "unable to parse requirement: found '', expected: ',' or ')'",
  ),
  "a list without brackets": bad(
    "x in 1",
    "unable to parse requirement: found '1' expected: '('",
  ),
  "nothing behind a comma": bad(
    "x,",
    "found '', expected: identifier after ','",
  ),
  "a value that is none": bad(
    "x=a/b",
    'unable to parse requirement: values[0][x]: Invalid value: "a/b": a valid label must be an empty string or ' +
      "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
      "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ),
};
testCases("label selectors", LABELS);
