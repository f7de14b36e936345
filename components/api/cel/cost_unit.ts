/** What costs are counted in, as upstream counts them. */

/** Making a list, a map or an object. */
export const LIST_COST = 10;
export const MAP_COST = 30;
export const STRUCT_COST = 40;
/** Of a character when a text is walked once. */
export const TRAVERSAL = 0.1;
/** Of a character of a pattern, each time it is tried. */
export const PATTERN_CHARACTER = 0.25;
