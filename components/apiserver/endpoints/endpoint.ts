/** A request for a path outside the API's resources. */
export interface EndpointRequest {
  readonly request: Request;
  readonly query: URLSearchParams;
  /** As it was sent, without a slash at its end. */
  readonly path: string;
}

/** Answers a path, or a subtree of paths. */
export type Endpoint = (asked: EndpointRequest) => Response | Promise<Response>;

const TEXT = "text/plain; charset=utf-8";

export function textResponse(text: string, status = 200, type = TEXT): Response {
  return new Response(text, {
    status,
    headers: {
      "content-type": type,
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache, private",
    },
  });
}

/** What paths that lead nowhere answer. */
export const pageNotFound = (): Response => textResponse("404 page not found\n", 404);
