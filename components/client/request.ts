import { ApiError, isJsonObject, type Status } from "../base/mod.ts";

/** A `fetch`-shaped function: over TLS, or the API server's own in the same process. */
export type Fetch = (request: Request) => Promise<Response>;

/** Where a resource lies under the server's root. */
export function resourcePath(
  type: { readonly group: string; readonly version: string; readonly resource: string },
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const root = type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope = namespace === undefined || namespace === ""
    ? ""
    : `/namespaces/${encodeURIComponent(namespace)}`;
  const item = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${type.resource}${item}${
    subresource === undefined ? "" : `/${subresource}`
  }`;
}

/** A query string with its question mark, or nothing; members that are undefined are left out. */
export function queryString(query: Record<string, string | number | boolean | undefined>): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) parts.push(`${key}=${encodeURIComponent(String(value))}`);
  }
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** Turns an unsuccessful answer into the `ApiError` that its `Status` body describes. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body) && body["kind"] === "Status") {
      return ApiError.fromStatus(body as unknown as Status);
    }
  } catch {
    // Not every server answers errors as Status.
  }
  return new ApiError(response.status, reasonOf(response.status), text.slice(0, 512));
}

function reasonOf(code: number): string {
  const reasons: Record<number, string> = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "Timeout",
  };
  return reasons[code] ?? "InternalError";
}
