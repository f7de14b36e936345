import { badRequest } from "../../base/mod.ts";

const PREFIX = "impersonate-";
const USER = "impersonate-user";
const GROUP = "impersonate-group";
const UID = "impersonate-uid";
const EXTRA_PREFIX = "impersonate-extra-";

/** Whom a request wants to be, as its headers say. */
export interface Wish {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** Reads the headers; undefined where they ask for nothing. Throws 400 where they name no user. Pure. */
export function readWish(headers: Headers): Wish | undefined {
  let username = "";
  let uid: string | undefined;
  let groups: readonly string[] = [];
  const extra = new Map<string, readonly string[]>();
  // One look at all headers costs less than asking for each by its name.
  for (const [name, value] of headers) {
    if (!name.startsWith(PREFIX)) continue;
    if (name === USER) username = value;
    else if (name === UID) uid = value || undefined;
    // Several headers of one name arrive joined by comma and space.
    else if (name === GROUP) groups = value.split(", ").filter((group) => group !== "");
    else if (name.startsWith(EXTRA_PREFIX)) {
      extra.set(unescape(name.slice(EXTRA_PREFIX.length)), value.split(", "));
    }
  }
  if (username !== "") return { username, groups, uid, extra };
  if (groups.length === 0 && uid === undefined && extra.size === 0) return undefined;
  const list = groups.length === 0
    ? "nil"
    : `{${groups.map((one) => JSON.stringify(one)).join(", ")}}`;
  throw badRequest(
    `requested &user.DefaultInfo{Name:"", UID:${JSON.stringify(uid ?? "")}, Groups:[]string` +
      `${list === "nil" ? "(nil)" : list}, Extra:${
        goMap(extra)
      }} without impersonating a user name`,
  );
}

function goMap(extra: Wish["extra"]): string {
  if (extra.size === 0) return "map[string][]string(nil)";
  const entries = [...extra].sort(([a], [b]) => a < b ? -1 : 1).map(([key, values]) =>
    `${JSON.stringify(key)}:[]string{${values.map((one) => JSON.stringify(one)).join(", ")}}`
  );
  return `map[string][]string{${entries.join(", ")}}`;
}

/** A key may be percent-encoded; one that is so wrongly is taken as it stands. */
function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
