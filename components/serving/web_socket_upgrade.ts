/**
 * Accepts a request's upgrade to a WebSocket, choosing one of the protocols that it offers. The runtime's own choice
 * reads a list only where a blank follows each comma, so the answer is written here. Throws a TypeError for what is no
 * such upgrade.
 */
export function upgradeWebSocket(request: Request, protocol?: string): Deno.WebSocketUpgrade {
  const upgraded = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  if (protocol !== undefined) upgraded.response.headers.set("sec-websocket-protocol", protocol);
  return upgraded;
}
