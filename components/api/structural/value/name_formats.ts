const HOSTNAME_BYTES = 255;
const LABEL_BYTES = 63;
const WORD = /^[a-zA-Z0-9\p{S}\p{L}]$/u;
const LETTERS = /^[a-zA-Z\p{L}]{2,63}$/u;

const encoder = new TextEncoder();

/** A host's name: one label with at most one dash, after its first sign, or several labels with a domain of letters. */
export function isHostname(text: string): boolean {
  if (text === "" || encoder.encode(text).length > HOSTNAME_BYTES) return false;
  const labels = text.split(".");
  if (labels.some((label) => encoder.encode(label).length > LABEL_BYTES)) return false;
  const [first = ""] = labels;
  if (labels.length === 1) return isSingleLabel([...first]);
  const top = labels.pop() ?? "";
  return LETTERS.test(top) && labels.every((label) => isLabel([...label]));
}

function isSingleLabel([first = "", ...rest]: readonly string[]): boolean {
  const after = rest[0] === "-" ? rest.slice(1) : rest;
  return WORD.test(first) && after.every((char) => WORD.test(char));
}

function isLabel(chars: readonly string[]): boolean {
  if (chars.length === 0 || chars.length > LABEL_BYTES) return false;
  return WORD.test(chars[0] ?? "") && WORD.test(chars.at(-1) ?? "") &&
    chars.every((char) => char === "-" || WORD.test(char));
}

const EMAIL_ATOM = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\uffff]+$/;

/** `a@b.example`, also with the name of its owner: `Name <a@b.example>`. */
export function isEmail(text: string): boolean {
  const trimmed = text.trim();
  if (!trimmed.endsWith(">")) return isAddress(trimmed);
  const open = trimmed.lastIndexOf("<");
  if (open < 0) return false;
  return isPhrase(trimmed.slice(0, open).trim()) && isAddress(trimmed.slice(open + 1, -1));
}

function isPhrase(text: string): boolean {
  if (text === "" || isQuoted(text)) return true;
  return text.split(/\s+/).every((word) =>
    isQuoted(word) || word.split(".").every((part) => part === "" || EMAIL_ATOM.test(part))
  );
}

const isQuoted = (text: string): boolean => /^"(?:[^"\\\n]|\\[^\n])*"$/.test(text);

function isAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  if (at <= 0) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  const dotted = (part: string) => part.split(".").every((atom) => EMAIL_ATOM.test(atom));
  return (isQuoted(local) || dotted(local)) &&
    (dotted(domain) || /^\[[^\]\\\s]+\]$/.test(domain));
}

/** An absolute URI, or an absolute path. */
export function isRequestUri(text: string): boolean {
  // deno-lint-ignore no-control-regex -- control characters are what is refused
  if (text === "" || /[\x00-\x1f\x7f]/.test(text)) return false;
  if (text === "*") return true;
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text);
  if (scheme === null && text.startsWith(":")) return false;
  const rest = (scheme === null ? text : text.slice(scheme[0].length)).split("?")[0] ?? "";
  // `mailto:a@b.example` has no more form than that.
  if (!rest.startsWith("/")) return scheme !== null && rest !== "";
  if (scheme === null && !rest.startsWith("//")) return isEscaped(rest);
  if (!rest.startsWith("//") || scheme === null && rest.startsWith("///")) return isEscaped(rest);
  const slash = rest.indexOf("/", 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  return isAuthority(authority) && (slash < 0 || isEscaped(rest.slice(slash)));
}

const isEscaped = (text: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(text);

function isAuthority(text: string): boolean {
  const at = text.lastIndexOf("@");
  const host = text.slice(at + 1);
  if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text.slice(0, at))) return false;
  if (host.startsWith("[")) return /^\[[0-9a-fA-F:.%A-Za-z]*\](:\d*)?$/.test(host);
  const colon = host.lastIndexOf(":");
  if (colon >= 0 && !/^\d*$/.test(host.slice(colon + 1))) return false;
  const name = colon < 0 ? host : host.slice(0, colon);
  return isEscaped(name) && !/[\s"^`{|}\\]/.test(name);
}
