import type { SchemaNode } from "../node.ts";

/** Where a path such as `.spec.list['a.b']` leads: its text as a field's, and the node that is there. */
export interface FieldPath {
  readonly path: string;
  readonly root: string;
  readonly node: SchemaNode | undefined;
}

/** Follows a path along a schema. `arrays` where names may stand in brackets. */
export function validFieldPath(
  text: string,
  start: SchemaNode,
  brackets = true,
): FieldPath | { readonly error: string } {
  let node: SchemaNode | undefined = start;
  let path = "";
  let root = "";
  const tokens = tokensOf(text);
  for (let i = 0; i < tokens.length; i++) {
    let name = tokens[++i];
    switch (tokens[i - 1]) {
      case "[": {
        if (!brackets) return { error: "array notation is not allowed" };
        if (name === undefined) return { error: "unexpected end of JSON path" };
        if (name.length < 2 || name[0] !== "'" || name.at(-1) !== "'") {
          return { error: `expected single quoted string but got ${name}` };
        }
        name = name.slice(1, -1).replaceAll("\\'", "'");
        const close = tokens[++i];
        if (close === undefined) return { error: "unexpected end of JSON path" };
        if (close !== "]") return { error: `expected ] but got ${close}` };
        break;
      }
      case ".":
        if (name === undefined) return { error: "unexpected end of JSON path" };
        break;
      default:
        return { error: `expected [ or . but got: ${tokens[i - 1]}` };
    }
    if (node === undefined) return { error: "does not refer to a valid field" };
    if (node.properties.size > 0) {
      path += path === "" ? name : `.${name}`;
      node = node.properties.get(name);
      if (node === undefined) return { error: "does not refer to a valid field" };
    } else if (node.additional !== undefined) {
      path += `[${name}]`;
      node = node.additional.node;
    } else return { error: "does not refer to a valid field" };
    if (root === "") root = name;
  }
  return { path, root, node };
}

/** The marks `.`, `[` and `]`, and what stands between them; a quoted name is one piece. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length;) {
    const char = text[at] ?? "";
    let end = at + 1;
    if (char === "'") {
      while (end < text.length && !(text[end] === "'" && text[end - 1] !== "\\")) end++;
      end++;
    } else if (!".[]".includes(char)) {
      while (end < text.length && !".[]".includes(text[end] ?? "")) end++;
    }
    tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
}
