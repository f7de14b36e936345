/** Replaces `$(NAME)` by what `lookup` gives; `$$` is one dollar, and an unknown name stays as it is written. Pure. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char !== "$" || i + 1 === text.length) {
      result += char;
      continue;
    }
    const next = text.charAt(i + 1);
    if (next === "$") {
      result += "$";
      i++;
    } else if (next === "(") {
      const end = text.indexOf(")", i + 2);
      if (end < 0) {
        result += "$(";
        i++;
        continue;
      }
      const name = text.slice(i + 2, end);
      result += lookup(name) ?? `$(${name})`;
      i = end;
    } else result += "$";
  }
  return result;
}
