/** When connections that were upgraded end, by the answers that upgraded them. */
const ends = new WeakMap<Response, Promise<void>>();

/** The same answer; `end` resolves when nothing goes over its connection any more. */
export function upgraded(response: Response, end: Promise<void>): Response {
  ends.set(response, end);
  return response;
}

/** The same for a WebSocket. */
export const upgradedSocket = ({ socket, response }: Deno.WebSocketUpgrade): Response =>
  upgraded(
    response,
    new Promise((resolve) => socket.addEventListener("close", () => resolve(), { once: true })),
  );

/** The end of a connection that this answer has upgraded; undefined for another answer. */
export const endOfUpgrade = (response: Response): Promise<void> | undefined => ends.get(response);
