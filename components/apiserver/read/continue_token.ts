import { badRequest } from "../../base/mod.ts";

/** Where the next page of a list begins. */
export interface ContinueToken {
  /** The revision that every page shows; -1 takes whatever is there. */
  readonly revision: number;
  /** The last key of the page before, without the list's prefix. */
  readonly after: string;
}

const VERSION = "meta.k8s.io/v1";
/** Follows the last key, so that a reader who starts with the whole text starts behind it. */
const END = "\u0000";

export function encodeContinue({ revision, after }: ContinueToken): string {
  const text = JSON.stringify({ v: VERSION, rv: revision, start: after + END });
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads a token. Throws 400. */
export function decodeContinue(text: string): ContinueToken {
  let token: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    token = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw wrong("illegal base64 data or JSON");
  }
  const { v, rv, start } = token ?? {};
  if (v !== VERSION) {
    throw wrong(`server does not recognize this encoded version ${JSON.stringify(v ?? "")}`);
  }
  if (!Number.isSafeInteger(rv) || rv === 0 || (rv as number) < -1) {
    throw wrong(`incorrect encoded start resourceVersion (version ${VERSION})`);
  }
  if (typeof start !== "string" || start === "") {
    throw wrong(`encoded start key empty (version ${VERSION})`);
  }
  if (start.split("/").some((part) => part === "." || part === ".." || part === "")) {
    throw wrong(start);
  }
  return { revision: rv as number, after: start.endsWith(END) ? start.slice(0, -1) : start };
}

const wrong = (why: string) =>
  badRequest(`invalid continue token: continue key is not valid: ${why}`);
