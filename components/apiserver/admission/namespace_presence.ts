import { hasReason, notFound } from "../../base/mod.ts";
import type { KubeObject, Namespace } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader, ObjectWriter } from "../ports.ts";

const concerns = ({ namespace, definition }: AdmissionRequest): boolean =>
  namespace !== "" && definition.namespaced;

async function find(reader: ObjectReader, name: string): Promise<Namespace | undefined> {
  const known = reader.get<Namespace>("", "namespaces", "", name);
  if (known !== undefined) return known;
  await reader.fresh("", "namespaces");
  return reader.get<Namespace>("", "namespaces", "", name);
}

/** Makes the namespace that an object is to be made in. */
export function namespaceAutoProvision(
  reader: ObjectReader,
  writer: ObjectWriter,
): AdmissionPlugin {
  return {
    name: "NamespaceAutoProvision",
    handles: (request) => request.operation === "CREATE" && concerns(request),
    async admit({ namespace, dryRun }) {
      if (dryRun || await find(reader, namespace) !== undefined) return;
      try {
        await writer.create<KubeObject>("", "namespaces", { metadata: { name: namespace } });
      } catch (error) {
        if (!hasReason(error, "AlreadyExists")) throw error;
      }
    },
  };
}

/** Refuses every write to a namespace that does not exist. */
export function namespaceExists(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "NamespaceExists",
    handles: (request) => request.operation !== "CONNECT" && concerns(request),
    async validate({ namespace }) {
      if (await find(reader, namespace) !== undefined) return;
      throw notFound({ group: "", resource: "namespaces" }, namespace);
    },
  };
}
