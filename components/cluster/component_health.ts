import type { Clock } from "../base/mod.ts";
import type { ComponentCheck, ComponentHealth } from "../apiserver/mod.ts";
import { connectionDuplex, connectTcp, TlsClient } from "../serving/mod.ts";

/** Where components serve their health, on the machine of the API server. */
const PORTS: readonly (readonly [name: string, port: number])[] = [
  ["scheduler", 10259],
  ["controller-manager", 10257],
];
const HOST = "127.0.0.1";
const BODY_MAXIMUM_BYTES = 10 * 1024;

export const HEALTHY: ComponentHealth = { isHealthy: true, message: "ok", error: "" };

/** Asks the components that run beside the API server, as programs of their own. */
export function localComponents(clock: Clock): ReadonlyMap<string, ComponentCheck> {
  return new Map(PORTS.map(([name, port]) => [name, () => ask(port, clock)]));
}

/** Components that run in the API server's own process: `problem` says what is wrong with them. */
export function ownComponents(
  problem: () => string | undefined,
): ReadonlyMap<string, ComponentCheck> {
  const check: ComponentCheck = () => {
    const message = problem();
    return Promise.resolve(
      message === undefined ? HEALTHY : { isHealthy: false, message, error: "" },
    );
  };
  return new Map(PORTS.map(([name]) => [name, check]));
}

async function ask(port: number, clock: Clock): Promise<ComponentHealth> {
  const url = `https://${HOST}:${port}/healthz`;
  const client = new TlsClient({
    connect: async () => connectionDuplex(await connectTcp(HOST, port)),
    serverName: HOST,
    now: () => clock.now(),
    // Its certificate is its own, as upstream's is.
    insecure: true,
  });
  try {
    const answer = await client.request({
      method: "GET",
      path: "/healthz",
      headers: { host: `${HOST}:${port}` },
    });
    let message = "";
    for await (const bytes of answer.body) {
      message += String(bytes);
      if (message.length > BODY_MAXIMUM_BYTES) break;
    }
    const isHealthy = answer.status >= 200 && answer.status < 400;
    return isHealthy
      ? { isHealthy, message, error: "" }
      : { isHealthy, message: `unhealthy http status code: ${answer.status}`, error: "" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { isHealthy: false, message: `Get ${JSON.stringify(url)}: ${why}`, error: "" };
  } finally {
    client.close();
  }
}
