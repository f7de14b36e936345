import type { Clock } from "../base/mod.ts";
import type { Fetch } from "../client/mod.ts";
import type { ExtenderConfiguration } from "../scheduler/mod.ts";
import { directDial, TlsClient } from "../serving/mod.ts";
import { StartError } from "./start_error.ts";

/**
 * How a scheduler extender is reached, as its `enableHTTPS` and `tlsConfig` say; over TLS any certificate is taken where
 * no authority is named, as upstream has it. Rejects with `StartError` for files that cannot be read.
 */
export async function extenderFetch(
  configuration: ExtenderConfiguration,
  clock: Clock,
): Promise<Fetch> {
  const { enableHTTPS, tlsConfig = {}, urlPrefix } = configuration;
  const url = new URL(urlPrefix);
  if (url.protocol !== "https:" && enableHTTPS !== true) return (request) => fetch(request);
  const pem = async (data: string | undefined, file: string | undefined) =>
    data !== undefined && data !== ""
      ? new TextDecoder().decode(Uint8Array.fromBase64(data))
      : file === undefined || file === ""
      ? undefined
      : await Deno.readTextFile(file).catch((error) => {
        throw new StartError(`extender ${urlPrefix}: ${error.message}`);
      });
  const [authorities, certificate, key] = await Promise.all([
    pem(tlsConfig.caData, tlsConfig.caFile),
    pem(tlsConfig.certData, tlsConfig.certFile),
    pem(tlsConfig.keyData, tlsConfig.keyFile),
  ]);
  const client = new TlsClient({
    connect: () =>
      directDial.connect({
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port === "" ? 443 : Number(url.port),
      }),
    serverName: tlsConfig.serverName || url.hostname,
    now: () => clock.now(),
    insecure: tlsConfig.insecure === true || authorities === undefined,
    ...(authorities === undefined ? {} : { authorities }),
    ...(certificate === undefined || key === undefined ? {} : { credential: { certificate, key } }),
  });
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const answer = await client.request({
      method: request.method,
      path: pathname + search,
      headers: { ...Object.fromEntries(request.headers), host: url.host },
      body: new Uint8Array(await request.arrayBuffer()),
      signal: request.signal,
    });
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for await (const chunk of answer.body) controller.enqueue(chunk);
        controller.close();
      },
      cancel: () => void answer.body.destroy(),
    });
    return new Response(body, { status: answer.status });
  };
}
