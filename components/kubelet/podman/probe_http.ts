import * as http from "node:http";
import * as https from "node:https";
import type { Clock } from "../../base/mod.ts";
import type { ProbeRequest, ProbeResult } from "../runtime.ts";
import { address, connectFailure } from "./probe.ts";

const BODY_MAXIMUM_BYTES = 10 * 1024;
const REDIRECTS_MAXIMUM = 10;

interface Answer {
  readonly status: number;
  readonly location?: string;
  readonly body: string;
}

/**
 * GETs as a kubelet does: no certificate is checked, 200 to 399 is healthy, redirects are followed on the same host
 * only (to another one counts as healthy), and no connection is kept.
 */
export async function probeHttp(request: ProbeRequest, clock: Clock): Promise<ProbeResult> {
  const scheme = request.scheme === "HTTPS" ? "https:" : "http:";
  const first = `${scheme}//${address(request.host, request.port)}${request.path ?? "/"}`;
  let url: URL;
  try {
    url = new URL(first);
  } catch {
    return { ok: false, output: `parse "${first}": invalid URL` };
  }
  const abort = new AbortController();
  const timer = clock.after(request.timeoutMilliseconds, () => abort.abort());
  try {
    for (let redirects = 0;; redirects++) {
      const { status, location, body } = await get(url, request.headers ?? [], abort.signal);
      if (status < 200 || status >= 400) {
        return { ok: false, output: `HTTP probe failed with statuscode: ${status}` };
      }
      const next = location === undefined || status < 300 ? undefined : URL.parse(location, url);
      if (next === undefined || next === null) return { ok: true, output: body };
      if (next.hostname !== url.hostname) {
        return { ok: true, output: `Probe terminated redirects, Response body: ${body}` };
      }
      if (redirects === REDIRECTS_MAXIMUM) {
        return { ok: false, output: `Get "${next}": stopped after ${REDIRECTS_MAXIMUM} redirects` };
      }
      url = next;
    }
  } catch (error) {
    const why = abort.signal.aborted
      ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
      : failure(error, request);
    return { ok: false, output: `Get "${url}": ${why}` };
  } finally {
    timer.cancel();
  }
}

function get(
  url: URL,
  headers: readonly { readonly name: string; readonly value: string }[],
  signal: AbortSignal,
): Promise<Answer> {
  const sent: Record<string, string[]> = {};
  for (const { name, value } of headers) (sent[name] ??= []).push(value);
  const host = headers.findLast(({ name }) => name.toLowerCase() === "host")?.value;
  const options: https.RequestOptions = {
    method: "GET",
    agent: false,
    headers: { ...sent, ...(host === undefined ? {} : { host }) },
    // A kubelet asks whether it answers, not who it is.
    rejectUnauthorized: false,
  };
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const client = url.protocol === "https:" ? https : http;
    const request = client.request(url, options, (response) => {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      const finish = () => {
        signal.removeEventListener("abort", onAbort);
        const { statusCode = 0 } = response;
        const { location } = response.headers;
        resolve({
          status: statusCode,
          body: new TextDecoder().decode(joined(chunks)).slice(0, BODY_MAXIMUM_BYTES),
          ...(location === undefined ? {} : { location }),
        });
        request.destroy();
      };
      response.on("data", (chunk: Uint8Array) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= BODY_MAXIMUM_BYTES) finish();
      });
      response.on("end", finish);
      response.on("error", reject);
    });
    const onAbort = () => {
      request.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    request.on("error", (error: Error) => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
    });
    request.end();
  });
}

function failure(error: unknown, { host, port }: ProbeRequest): string {
  const why = connectFailure(error);
  const text = error instanceof Error ? error.message : "";
  return why === text ? text : `dial tcp ${address(host, port)}: connect: ${why}`;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
