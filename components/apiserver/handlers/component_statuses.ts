import { type Clock, notFound } from "../../base/mod.ts";
import type { ComponentStatus, KubeObject, ResourceDefinition } from "../../api/served.ts";
import {
  negotiate,
  readIncludeObject,
  readListQuery,
  writeBody,
  writeObject,
} from "../negotiation/mod.ts";
import { groupResource } from "../registry/mod.ts";
import type { ResourceRequest } from "./write_handlers.ts";

/** How a component is: what its health check said, or why it could not be asked. */
export interface ComponentHealth {
  readonly isHealthy: boolean;
  readonly message: string;
  readonly error: string;
}

/** Asks a component how it is. */
export type ComponentCheck = () => Promise<ComponentHealth>;

/** How long a component may take to answer. */
const TIMEOUT_MILLISECONDS = 20_000;

/** Answers `componentstatuses`, which nobody stores: each is asked when it is wanted, all of them at once. */
export async function respondComponentStatuses(
  { definition, info, query, request }: ResourceRequest,
  checks: ReadonlyMap<string, ComponentCheck>,
  clock: Clock,
): Promise<Response> {
  const isOne = info.name !== "" && info.verb === "get";
  const negotiated = negotiate(request.headers.get("accept"), {
    table: true,
    metadata: true,
    protobuf: isOne,
  });
  const include = negotiated.form === "table" ? readIncludeObject(query) : "None";
  const statuses = await Promise.all(
    namesOf().map((name) => statusOf(name, checks.get(name), clock)),
  );
  const apiVersion = `meta.k8s.io/${negotiated.formVersion}`;
  const bare = (status: ComponentStatus) => ({
    kind: "PartialObjectMetadata",
    apiVersion,
    metadata: status.metadata ?? {},
  });
  if (negotiated.form === "table") {
    const shown = { None: () => null, Metadata: bare, Object: (status: ComponentStatus) => status };
    const now = clock.now();
    return await writeBody(
      {
        kind: "Table",
        apiVersion,
        metadata: {},
        columnDefinitions: columnsOf(definition),
        rows: statuses.map((status) => ({
          cells: definition.cells(status as KubeObject, now),
          object: shown[include](status),
        })),
      },
      negotiated,
      request,
    );
  }
  const [first] = statuses;
  if (isOne && first !== undefined) {
    return negotiated.form === "metadata"
      ? await writeBody(bare(first), negotiated, request)
      : await writeObject(first as KubeObject, negotiated, request);
  }
  const list = negotiated.form === "metadata"
    ? { kind: "PartialObjectMetadataList", apiVersion, metadata: {}, items: statuses.map(bare) }
    : {
      kind: definition.listKind,
      apiVersion: "v1",
      metadata: {},
      items: statuses.map(({ conditions, metadata }) => ({ metadata, conditions })),
    };
  return await writeBody(list, negotiated, request);

  /** Those that are asked for. Throws 404. */
  function namesOf(): string[] {
    if (isOne) {
      if (!checks.has(info.name)) throw notFound(groupResource(definition), info.name);
      return [info.name];
    }
    const { fields, labels } = readListQuery(query, definition, false);
    return [...checks.keys()].filter((name) =>
      labels.matches({}) && fields.matches({ "metadata.name": name }) &&
      (info.name === "" || info.name === name)
    );
  }
}

async function statusOf(
  name: string,
  check: ComponentCheck | undefined,
  clock: Clock,
): Promise<ComponentStatus> {
  const late = Promise.withResolvers<ComponentHealth>();
  const timer = clock.after(TIMEOUT_MILLISECONDS, () => {
    late.resolve({ isHealthy: false, message: "", error: "context deadline exceeded" });
  });
  const failed = (error: unknown): ComponentHealth => ({
    isHealthy: false,
    message: "",
    error: error instanceof Error ? error.message : String(error),
  });
  const { error, isHealthy, message } = await Promise.race([
    check?.().catch(failed) ?? failed("nobody to ask"),
    late.promise,
  ]);
  timer.cancel();
  return {
    kind: "ComponentStatus",
    apiVersion: "v1",
    metadata: { name },
    conditions: [{
      type: "Healthy",
      status: isHealthy ? "True" : "False",
      ...(message === "" ? {} : { message }),
      ...(error === "" ? {} : { error }),
    }],
  };
}

function columnsOf({ columns }: ResourceDefinition) {
  return columns.map(({ name, type, format = "", description = "", priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}
