import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import type { ParityServer } from "./parity_server.ts";

/** What comes with a request from outside: nothing of it is believed without proof. */
export interface Outsider {
  readonly token?: string;
  /** DER of a client certificate that the door verified. */
  readonly certificate?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly code: number;
  readonly body: JsonObject;
}

/** Sends a request over a connection of its own, as the door hands it on. */
export async function sendAs(
  { server }: ParityServer,
  outsider: Outsider,
  send: string,
  body?: JsonValue,
): Promise<Answer> {
  const [method = "GET", path = "/"] = send.split(" ");
  const { token, certificate, headers } = outsider;
  const response = await server.handle(
    new Request(`https://server${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }),
    { address: "203.0.113.7:5", ...(certificate === undefined ? {} : { certificate }) },
  );
  const text = await response.text();
  let parsed: JsonObject;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = { text };
  }
  return { code: response.status, body: parsed };
}

/** Who the server takes the outsider for, or the code with which it refuses. */
export async function whoIs(server: ParityServer, outsider: Outsider): Promise<string | number> {
  const { code, body } = await sendAs(
    server,
    outsider,
    "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
    { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  );
  const status = body["status"] as { userInfo?: { username?: string } } | undefined;
  return code === 201 ? status?.userInfo?.username ?? "" : code;
}

/** The same as an administrator of this process; answers what is written. */
export async function asAdmin(
  server: ParityServer,
  send: string,
  body?: JsonValue,
): Promise<JsonObject> {
  const [method = "GET", path = "/"] = send.split(" ");
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const response = await server.send(
    method,
    path,
    body === undefined ? {} : { "content-type": type },
    body,
    undefined,
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${send}: ${text}`);
  return JSON.parse(text);
}
