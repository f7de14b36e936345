import { endOfUpgrade } from "../upgraded.ts";

/**
 * The same answer; `over` is called once when its body has been sent or nobody reads it any more, and when the
 * connection has ended that it upgraded.
 */
export function whenOver(response: Response, over: () => void): Response {
  const end = endOfUpgrade(response);
  if (end !== undefined) {
    void end.then(over);
    return response;
  }
  if (response.body === null || response.status === 101) {
    over();
    return response;
  }
  const reader = response.body.getReader();
  let told = false;
  const tell = () => {
    if (!told) over();
    told = true;
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        tell();
        controller.close();
      } catch (error) {
        tell();
        controller.error(error);
      }
    },
    cancel(reason) {
      tell();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return new Response(body, response);
}
