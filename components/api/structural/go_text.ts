import { isJsonObject } from "../../base/mod.ts";

/** Text that stands in a message as it is, where a value would be written as JSON. */
export class GoText {
  constructor(readonly text: string) {}
}

/** A value as Go's JSON has it: members by name, and nothing in it that HTML would read. */
export function goJson(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return goString(value);
  if (typeof value === "number") return goNumber(value);
  if (value instanceof GoText) return value.text;
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (!isJsonObject(value)) return String(value);
  const members = Object.keys(value).filter((name) => value[name] !== undefined).sort();
  return `{${members.map((name) => `${goString(name)}:${goJson(value[name])}`).join(",")}}`;
}

const HTML: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

function goString(text: string): string {
  return JSON.stringify(text).replaceAll(/[<>&\u2028\u2029]/g, (char) => HTML[char] ?? char);
}

/** A number as Go prints it: the exponent has two digits at least, and small ones have it early. */
export function goNumber(value: number): string {
  if (value === 0 || Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  const text = Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** A text in quotes, as Go writes it in messages. */
export const quoted = (text: string): string => JSON.stringify(text);
