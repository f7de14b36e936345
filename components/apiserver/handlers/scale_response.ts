import type { Clock } from "../../base/mod.ts";
import { ageOf } from "../../api/served.ts";
import { negotiate, readIncludeObject, writeBody, writeObject } from "../negotiation/mod.ts";
import type { Scale } from "../registry/mod.ts";
import type { StoredRequest } from "./write_handlers.ts";

const COLUMNS = [
  { name: "Name", type: "string", format: "name" },
  { name: "Desired", type: "integer", format: "" },
  { name: "Available", type: "integer", format: "" },
  { name: "Age", type: "string", format: "" },
].map((column) => ({ ...column, description: "", priority: 0 }));

/** Answers a scale, which is not stored: also as the table that kubectl prints. Throws 406 before `handle` begins. */
export async function respondScale(
  { request, query }: StoredRequest,
  clock: Clock,
  handle: () => Promise<Scale>,
): Promise<Response> {
  const negotiated = negotiate(request.headers.get("accept"), {
    table: true,
    metadata: false,
    protobuf: true,
  });
  const include = negotiated.form === "table" ? readIncludeObject(query) : "None";
  const scale = await handle();
  if (negotiated.form !== "table") return writeObject(scale, negotiated, request);
  const apiVersion = `meta.k8s.io/${negotiated.formVersion}`;
  const { metadata = {}, spec, status } = scale;
  const objects = {
    None: null,
    Metadata: { kind: "PartialObjectMetadata", apiVersion, metadata },
    Object: scale,
  };
  const age = ageOf(metadata.creationTimestamp, clock.now());
  return writeBody(
    {
      kind: "Table",
      apiVersion,
      metadata: { resourceVersion: metadata.resourceVersion ?? "" },
      columnDefinitions: COLUMNS,
      rows: [{
        cells: [metadata.name ?? "", spec.replicas ?? 0, status.replicas, age],
        object: objects[include],
      }],
    },
    negotiated,
    request,
  );
}
