import { functions, methods, type Overload } from "../overload.ts";
import { traversal } from "../string_cost.ts";
import { BOOL, listOf, mapOf, opaque, STRING } from "../type.ts";
import { ELEMENT, work } from "../work.ts";
import { parseQuery, parseUrl, splitHost, type Url } from "../url.ts";
import { ArrayList, CelFailure, CelOpaque, type CelValue, EntryMap } from "../value.ts";

const URL_TYPE = opaque("kubernetes.URL");

class UrlValue extends CelOpaque {
  override readonly typeName = URL_TYPE.name;

  constructor(readonly url: Url) {
    super();
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof UrlValue && this.url.text === other.url.text;
  }

  override toJson(): string {
    return this.url.text;
  }
}

function url(text: string): CelValue {
  const parsed = parseUrl(text);
  if (!("error" in parsed)) return new UrlValue(parsed);
  return new CelFailure(`URL parse error during conversion from string: ${parsed.error}`);
}

function query({ url }: UrlValue): CelValue {
  work(url.rawQuery.length * ELEMENT);
  const map = new EntryMap();
  for (const [name, values] of parseQuery(url.rawQuery)) map.insert(name, new ArrayList(values));
  return map;
}

const text = (of: (url: Url) => string) => ({ url }: UrlValue): string => of(url);

/** URLs and absolute paths. */
export const urls: readonly Overload[] = [
  ...functions("url", [["string_to_url", [STRING], URL_TYPE, url]], traversal(1, true)),
  ...functions("isURL", [
    ["is_url_string", [STRING], BOOL, (value: string) => !("error" in parseUrl(value))],
  ]),
  ...methods("getScheme", [
    ["url_get_scheme", [URL_TYPE], STRING, text(({ scheme }) => scheme)],
  ]),
  ...methods("getHost", [["url_get_host", [URL_TYPE], STRING, text(({ host }) => host)]]),
  ...methods("getHostname", [
    ["url_get_hostname", [URL_TYPE], STRING, text(({ host }) => splitHost(host).name)],
  ]),
  ...methods("getPort", [
    ["url_get_port", [URL_TYPE], STRING, text(({ host }) => splitHost(host).port)],
  ]),
  ...methods("getEscapedPath", [
    ["url_get_escaped_path", [URL_TYPE], STRING, text(({ escapedPath }) => escapedPath)],
  ]),
  ...methods("getQuery", [["url_get_query", [URL_TYPE], mapOf(STRING, listOf(STRING)), query]]),
];
