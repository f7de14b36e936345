/** Why a webhook gave no answer, as Go's HTTP client tells it: `Post "https://…": why`, or what its status means. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";

  constructor(
    message: string,
    /** The HTTP status it answered with; 0 where it did not answer. */
    readonly status = 0,
  ) {
    super(message);
  }
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  409: "the server reported a conflict",
  410: "the server reported that the requested resource is gone",
  422: "the server rejected our request due to an error in our request",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504:
    "the server was unable to return a response in the time allotted, but may still be processing the request",
};

const QUOTED_MAXIMUM_CHARACTERS = 1024;

/** What client-go says of an answer that is no success. Pure. */
export function statusText(status: number, body: string): string {
  const said = body.trim().slice(0, QUOTED_MAXIMUM_CHARACTERS);
  if (status === 403) return said === "" ? "forbidden" : said;
  const known = STATUS_TEXTS[status];
  if (known !== undefined) return known;
  if (status >= 500) {
    return `an error on the server (${
      JSON.stringify(said === "" ? "unknown" : said)
    }) has prevented the request from succeeding`;
  }
  return `the server responded with the status code ${status} but did not return more information`;
}

/** A failed connection in Go's words. Pure. */
export function connectionText(error: unknown, target: string): string {
  if (error instanceof Deno.errors.ConnectionRefused) {
    return `dial tcp ${target}: connect: connection refused`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return message === "socket hang up" ? "EOF" : message;
}
