import { ApiError, badRequest, internalError, invalid, type StatusCause } from "../../base/mod.ts";
import { isWebSocketUpgrade } from "../../serving/mod.ts";
import { isTrue } from "../request_info.ts";
import type { ConnectContext } from "./connect_context.ts";
import { logSocket } from "./log_socket.ts";
import { containerOf, findPod, podKubelet } from "./pod_location.ts";

/** Options that the kubelet reads under the same names. */
const NUMBERS = ["sinceSeconds", "tailLines", "limitBytes"] as const;
const LEAST: Readonly<Record<typeof NUMBERS[number], number>> = {
  sinceSeconds: 1,
  tailLines: 0,
  limitBytes: 1,
};
const FLAGS = ["follow", "previous", "timestamps"] as const;
const STREAMS = ["All", "Stdout", "Stderr"];
/** Of a kubelet's complaint, what is told on. */
const COMPLAINT_MAXIMUM_BYTES = 2048;

/** `pods/log`: a container's output as its kubelet has it, streamed through, over a WebSocket too. */
export async function podLog(request: Request, context: ConnectContext): Promise<Response> {
  if (isWebSocketUpgrade(request)) {
    return await logSocket(request, () => openLog(context), context.clock);
  }
  return plainText(await openLog(context));
}

async function openLog(context: ConnectContext): Promise<ReadableStream<Uint8Array> | null> {
  const { info, query, reader, kubelets } = context;
  const options = logOptions(query, info.name);
  const pod = await findPod(reader, info.namespace, info.name);
  const container = containerOf(pod, query.get("container") ?? "");
  // A pod that nobody has placed has said nothing yet.
  if ((pod.spec?.nodeName ?? "") === "") return null;
  const kubelet = podKubelet(reader, pod);
  const place = [info.namespace, info.name, container].map(encodeURIComponent).join("/");
  const path = `/containerLogs/${place}${options === "" ? "" : `?${options}`}`;
  let answer: Response;
  try {
    answer = await kubelets.fetch(kubelet, path, {
      method: "GET",
      headers: new Headers(),
      body: null,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(500, "", `Get "https://${kubelet.host}:${kubelet.port}${path}": ${why}`);
  }
  if (answer.status >= 200 && answer.status <= 206) return answer.body;
  throw complaint(answer.status, await firstText(answer), info.name);
}

/** The kubelet's query, of options that are checked. Pure. */
export function logOptions(query: URLSearchParams, pod: string): string {
  const passed = new URLSearchParams();
  const problems: StatusCause[] = [];
  for (const flag of FLAGS) if (isTrue(query.get(flag))) passed.set(flag, "true");
  for (const name of NUMBERS) {
    const text = query.get(name);
    if (text === null) continue;
    if (!/^[+-]?[0-9]{1,18}$/.test(text)) {
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    }
    if (Number(text) < LEAST[name]) {
      const rule = LEAST[name] === 0
        ? "must be greater than or equal to 0"
        : "must be greater than 0";
      problems.push(cause("FieldValueInvalid", `Invalid value: ${Number(text)}: ${rule}`, name));
    }
    passed.set(name, text);
  }
  const sinceTime = query.get("sinceTime");
  if (sinceTime !== null) {
    if (query.has("sinceSeconds")) {
      const text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
      problems.push(cause("FieldValueForbidden", text, ""));
    }
    passed.set("sinceTime", sinceTime);
  }
  const stream = query.get("stream");
  if (stream !== null) {
    if (!STREAMS.includes(stream)) {
      const supported = STREAMS.map((name) => JSON.stringify(name)).join(", ");
      const text = `Unsupported value: ${JSON.stringify(stream)}: supported values: ${supported}`;
      problems.push(cause("FieldValueNotSupported", text, "stream"));
    }
    passed.set("stream", stream);
  }
  if (problems.length > 0) throw invalid({ group: "", kind: "PodLogOptions" }, pod, problems);
  return passed.toString();
}

const cause = (reason: string, message: string, field: string): StatusCause => ({
  reason,
  message,
  field,
});

function complaint(status: number, text: string, name: string): ApiError {
  if (status === 500) return internalError(text);
  if (status === 400) return badRequest(text);
  const details = { name, kind: "pods/log" };
  if (status === 404) {
    const message = `the server could not find the requested resource ( pods/log ${name})`;
    return new ApiError(404, "NotFound", message, details);
  }
  return new ApiError(status, "", text, details);
}

async function firstText(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= COMPLAINT_MAXIMUM_BYTES) break;
  }
  return text.slice(0, COMPLAINT_MAXIMUM_BYTES).trimEnd();
}

function plainText(body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>> | null, {
    headers: { "content-type": "text/plain", "cache-control": "no-cache, private" },
  });
}
