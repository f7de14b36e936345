import { ApiError } from "../../base/mod.ts";
import type { KubeObject } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";

/** Both passes of plugins alone; answers the object as it came out, or the message of the refusal. */
export async function bothPasses(
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
): Promise<KubeObject | string | undefined> {
  try {
    for (const plugin of plugins) if (plugin.handles(request)) await plugin.admit?.(request);
    for (const plugin of plugins) if (plugin.handles(request)) await plugin.validate?.(request);
    return request.object;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}
