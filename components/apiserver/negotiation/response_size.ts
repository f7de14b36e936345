/** Bytes of the bodies that were written whole, for the metrics. */
const sizes = new WeakMap<Response, number>();

export function keepSize(response: Response, bytes: number): Response {
  sizes.set(response, bytes);
  return response;
}

/** Undefined for a stream, and for what is not the server's own. */
export const responseSize = (response: Response): number | undefined => sizes.get(response);
