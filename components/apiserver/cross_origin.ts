import { compilePattern, type Pattern } from "../api/served.ts";
import type { Peer } from "./ports.ts";

type Handler = (request: Request, peer: Peer) => Promise<Response>;

const METHODS = "POST, GET, OPTIONS, PUT, DELETE, PATCH";
const HEADERS =
  "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since";

/**
 * Lets pages of the origins that a pattern matches use the API, as kube-apiserver's `--cors-allowed-origins` does: what
 * a browser asks ahead is answered here, before anybody asks who it is. Throws for a pattern that is none. Without
 * patterns the handler is what it was.
 */
export function withCrossOrigin(handle: Handler, sources: readonly string[]): Handler {
  if (sources.length === 0) return handle;
  const patterns = sources.map(originPattern);
  return async (request, peer) => {
    const origin = request.headers.get("origin") ?? "";
    if (origin === "" || !patterns.some((pattern) => pattern.test(origin))) {
      return await handle(request, peer);
    }
    const asksAhead = request.method === "OPTIONS";
    const answer = asksAhead ? new Response(null, { status: 204 }) : await handle(request, peer);
    // An upgrade's answer is the runtime's own.
    if (answer.status === 101) return answer;
    return withHeaders(answer, {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Methods": METHODS,
      "Access-Control-Allow-Headers": HEADERS,
      "Access-Control-Expose-Headers": "Date",
      "Access-Control-Allow-Credentials": "true",
    });
  };
}

function originPattern(source: string): Pattern {
  const pattern = compilePattern(source);
  if ("error" in pattern) throw new Error(`invalid CORS allowed origin: ${pattern.error}`);
  return pattern;
}

/** Some answers, such as a passed-on fetch, have headers that cannot be changed: those are made anew. */
function withHeaders(answer: Response, headers: Readonly<Record<string, string>>): Response {
  let changed = answer;
  try {
    answer.headers.delete("Access-Control-Allow-Origin");
  } catch {
    changed = new Response(answer.body, answer);
  }
  for (const [name, value] of Object.entries(headers)) changed.headers.set(name, value);
  return changed;
}
