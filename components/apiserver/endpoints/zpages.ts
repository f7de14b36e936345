import { type Clock, type JsonObject, KUBERNETES_VERSION } from "../../base/mod.ts";
import { parseAccept, PLAIN, writeBody } from "../negotiation/mod.ts";
import { type Endpoint, type EndpointRequest, textResponse } from "./endpoint.ts";

const COMPONENT = "kube-apiserver";
const WARNING =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is " +
  "for debugging purposes only.";
const STRUCTURED_VERSIONS = ["v1beta1", "v1alpha1"];

/** A page for people, and the same as an object for who asks for that by kind and version. */
interface Page {
  readonly kind: string;
  text(): string;
  object(): JsonObject;
}

/** `/flagz`: the flags that this server was started with. */
export function serveFlags(flags: Readonly<Record<string, string>>): Endpoint {
  const names = Object.keys(flags).sort();
  return (asked) =>
    servePage(asked, {
      kind: "Flagz",
      text: () => names.map((name) => `${name}=${flags[name]}\n`).join(""),
      object: () => ({ flags }),
    });
}

/** `/statusz`: since when it runs, which version it is, what it serves. */
export function serveStatus(
  clock: Clock,
  startedAt: number,
  paths: () => readonly string[],
): Endpoint {
  const version = KUBERNETES_VERSION.slice(1);
  const emulation = version.split(".").slice(0, 2).join(".");
  return (asked) => {
    const seconds = Math.max(0, Math.floor((clock.now() - startedAt) / 1000));
    return servePage(asked, {
      kind: "Statusz",
      text: () =>
        [
          `Started: ${new Date(startedAt).toUTCString().replace("GMT", "UTC 0000")}`,
          `Up: ${uptime(seconds)}`,
          `Deno version: ${Deno.version.deno}`,
          `Binary version: ${version}`,
          `Emulation version: ${emulation}`,
          `Paths: ${paths().join(" ")}`,
          "",
        ].join("\n"),
      object: () => ({
        startTime: `${new Date(startedAt).toISOString().slice(0, 19)}Z`,
        uptimeSeconds: seconds,
        goVersion: "",
        binaryVersion: version,
        emulationVersion: emulation,
        paths: [...paths()],
      }),
    });
  };
}

function servePage({ request }: EndpointRequest, page: Page): Response | Promise<Response> {
  const title = `\n${COMPONENT} ${page.kind.toLowerCase()}\n${WARNING}\n\n`;
  for (const { type, subtype, parameters } of parseAccept(request.headers.get("accept") ?? "*/*")) {
    const mediaType = `${type}/${subtype}`;
    if (parameters.as === undefined && (mediaType === "text/plain" || mediaType === "*/*")) {
      return textResponse(title + page.text());
    }
    const version = parameters.v ?? "";
    if (
      mediaType === "application/json" && parameters.as === page.kind &&
      parameters.g === "config.k8s.io" && STRUCTURED_VERSIONS.includes(version)
    ) {
      const object = {
        kind: page.kind,
        apiVersion: `config.k8s.io/${version}`,
        metadata: { name: COMPONENT },
        ...page.object(),
      };
      return writeBody(object, PLAIN, request);
    }
  }
  return textResponse(
    "only the following media types are accepted: text/plain, " +
      `application/json;g=config.k8s.io;v=v1beta1;as=${page.kind}\n`,
    406,
  );
}

/** `3 hr 05 min 09 sec`. Pure. */
function uptime(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
}
