/** Revisions that are no longer, or not yet, to be had. */
import { type Cases, testCases } from "./parity_case.ts";

const config = (name: string) => ({
  send: "POST configmaps",
  body: { metadata: { name } },
  code: 201,
});
const FIVE_MINUTES = 300;

const HISTORY: Cases = {
  "a revision that is to come": [{
    send: "GET configmaps?resourceVersion=1000000",
    slow: true,
    code: 504,
    reason: "Timeout",
    has: {
      details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 },
    },
  }],
  "an old revision, exactly": [
    { ...config("a"), keep: { rv: "metadata.resourceVersion" } },
    config("b"),
    { ...config("c"), later: FIVE_MINUTES },
    {
      send: "GET configmaps?resourceVersion=$rv&resourceVersionMatch=Exact",
      later: FIVE_MINUTES,
      code: 410,
      reason: "Expired",
      message: "The resourceVersion for the provided list is too old.",
    },
    {
      send: "GET configmaps?resourceVersion=$rv&resourceVersionMatch=NotOlderThan",
      code: 200,
      has: { items: [{}, {}, {}] },
    },
  ],
  "a page whose revision is gone, then the rest as it is now": [
    config("a"),
    config("b"),
    {
      send: "GET configmaps?limit=1",
      code: 200,
      has: { items: [{ metadata: { name: "a" } }] },
      keep: { next: "metadata.continue" },
    },
    config("c"),
    { ...config("d"), later: FIVE_MINUTES },
    {
      send: "GET configmaps?limit=1&continue=$next",
      later: FIVE_MINUTES,
      code: 410,
      reason: "Expired",
      keep: { next: "metadata.continue" },
    },
    {
      send: "GET configmaps?continue=$next",
      code: 200,
      has: {
        items: [{ metadata: { name: "b" } }, { metadata: { name: "c" } }, {
          metadata: { name: "d" },
        }],
      },
    },
  ],
};

testCases("history", HISTORY);
