/** Tags whose attributes hold links, as upstream's proxy knows them. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
};
/** Elements whose content is text, whatever it looks like. */
const TEXT_ELEMENTS = new Set(["script", "style", "textarea", "title", "xmp"]);
/** A longer tag or comment is let through as it is. */
const TOKEN_MAXIMUM_CHARACTERS = 64 * 1024;

/**
 * Rewrites the links of an HTML document that comes in pieces, as `rewrite` says; all else goes through unchanged. Text
 * holds one byte a character, so that no encoding need be known. Work is linear in the document.
 */
export class HtmlLinks {
  readonly #rewrite: (link: string) => string;
  #rest = "";
  /** The element whose text is skipped, or a comment's end. */
  #until: string | undefined;

  constructor(rewrite: (link: string) => string) {
    this.#rewrite = rewrite;
  }

  push(text: string): string {
    this.#rest += text;
    let out = "";
    for (;;) {
      const step = this.#step();
      if (step === undefined) return out;
      out += step;
    }
  }

  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }

  /** Takes the next piece off the rest; undefined: more must come first. */
  #step(): string | undefined {
    const rest = this.#rest;
    if (rest === "") return undefined;
    if (this.#until !== undefined) return this.#skip(this.#until);
    const open = rest.indexOf("<");
    if (open < 0) return this.#take(rest.length);
    if (open > 0) return this.#take(open);
    if (rest.startsWith("<!--")) {
      this.#until = "-->";
      return this.#take(4);
    }
    if (rest.length < 4 && "<!--".startsWith(rest)) return undefined;
    if (!/[a-zA-Z]/.test(rest[1] ?? "")) return this.#take(1);
    const end = tagEnd(rest);
    if (end === undefined) {
      return rest.length > TOKEN_MAXIMUM_CHARACTERS ? this.#take(rest.length) : undefined;
    }
    return this.#tag(this.#take(end));
  }

  #skip(until: string): string | undefined {
    const rest = this.#rest;
    const at = rest.toLowerCase().indexOf(until);
    if (at >= 0) {
      this.#until = undefined;
      return this.#take(at + until.length);
    }
    const safe = rest.length - until.length + 1;
    return safe > 0 ? this.#take(safe) : undefined;
  }

  #take(length: number): string {
    const taken = this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    return taken;
  }

  #tag(tag: string): string {
    const name = /^<([^\s/>]+)/.exec(tag)?.[1]?.toLowerCase() ?? "";
    if (TEXT_ELEMENTS.has(name)) this.#until = `</${name}`;
    const links = LINKS[name];
    if (links === undefined) return tag;
    let out = "";
    let from = 0;
    for (const { attribute, start, end } of attributes(tag, name.length + 1)) {
      if (!links.includes(attribute)) continue;
      out += tag.slice(from, start) + this.#rewrite(tag.slice(start, end));
      from = end;
    }
    return out + tag.slice(from);
  }
}

/** Behind the `>` that ends the tag at the beginning of the text, not one within quotes. */
function tagEnd(text: string): number | undefined {
  let quote = "";
  let previous = "";
  for (let at = 1; at < text.length; at++) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === ">") return at + 1;
    else if ((char === '"' || char === "'") && previous === "=") quote = char;
    if (!/\s/.test(char)) previous = char;
  }
  return undefined;
}

/** The values of a tag's attributes, without their quotes. */
function* attributes(tag: string, from: number) {
  const pattern = /([^\s"'>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;
  pattern.lastIndex = from;
  for (let match; (match = pattern.exec(tag)) !== null;) {
    const [, attribute = "", equals = "", value = ""] = match;
    const quoted = value.startsWith('"') || value.startsWith("'") ? 1 : 0;
    const start = match.index + attribute.length + equals.length + quoted;
    const end = match.index + match[0].length - quoted;
    yield { attribute: attribute.toLowerCase(), start, end };
  }
}
