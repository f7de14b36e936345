import { createHash } from "node:crypto";
import { packed } from "../negotiation/mod.ts";

/** A finished body and the tag that tells its state. */
export interface TaggedBody {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Without its quotes. */
  readonly tag: string;
}

export function taggedJson(value: unknown, tag?: string): TaggedBody {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return {
    body,
    tag: tag ?? createHash("sha512").update(body).digest("hex").toUpperCase(),
  };
}

/** Answers a body with its tag, or 304 to a client that has it already. */
export async function taggedResponse(
  { body, tag }: TaggedBody,
  request: Request,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const etag = `"${tag}"`;
  if (hasTag(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { ...headers, etag } });
  }
  const { body: bytes, headers: packing } = await packed(body, request);
  return new Response(request.method === "HEAD" ? null : bytes, {
    headers: { ...headers, ...packing, etag },
  });
}

function hasTag(header: string | null, etag: string): boolean {
  return header !== null && header.split(",").some((part) => {
    const tag = part.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}
