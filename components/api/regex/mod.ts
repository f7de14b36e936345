/** Regular expressions of users, matched in linear time. */
export { compilePattern, type Pattern, type PatternError } from "./pattern.ts";
