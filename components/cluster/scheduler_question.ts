import type { ExplainedPod } from "../scheduler/mod.ts";
import type { KubeconfigAccess } from "./kubeconfig_file.ts";
import type { SchedulerAddress } from "./scheduler_server.ts";

/** Asks the scheduler about its latest decision on a pod; undefined where it remembers none. */
export type SchedulerQuestion = (
  namespace: string,
  name: string,
) => Promise<ExplainedPod | undefined>;

export interface OpenQuestion {
  readonly ask: SchedulerQuestion;
  close(): void;
}

/** A way to ask the scheduler of a cluster on this machine, as who a kubeconfig says; undefined where there is none. */
export async function askScheduler(
  addressFile: string,
  access: KubeconfigAccess,
): Promise<OpenQuestion | undefined> {
  const text = await Deno.readTextFile(addressFile).catch(() => undefined);
  if (text === undefined) return undefined;
  const { authority, server } = JSON.parse(text) as SchedulerAddress;
  const { certificate, key, token } = access;
  const client = Deno.createHttpClient({
    caCerts: [authority],
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  });
  return {
    ask: async (namespace, name) => {
      const path = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
      const response = await fetch(`${server}/explain/pods/${path}`, {
        client,
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      });
      if (response.ok) return await response.json() as ExplainedPod;
      await response.body?.cancel();
      return undefined;
    },
    close: () => client.close(),
  };
}
