import { notFound } from "../../base/mod.ts";
import type { Namespace } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor, rejected } from "./target.ts";

const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is made in a namespace that does not exist or is ending, and some namespaces never end. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = "NamespaceLifecycle";
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  handles({ operation }: AdmissionRequest): boolean {
    return operation !== "CONNECT";
  }

  admit(request: AdmissionRequest): void | Promise<void> {
    const { definition, operation, namespace } = request;
    if (operation === "DELETE" || namespace === "" || !definition.namespaced) return;
    // A question about access is no content: it is answered for namespaces that do not exist, too.
    if (definition.group === "authorization.k8s.io") return;
    const found = this.#find(namespace);
    return found === undefined ? this.#decideFresh(request) : decide(request, found);
  }

  validate(request: AdmissionRequest): void {
    if (request.operation !== "DELETE" || !isFor(request, "", "namespaces")) return;
    if (IMMORTAL.has(request.name)) throw rejected(request, "this namespace may not be deleted");
  }

  #find(name: string): Namespace | undefined {
    return this.#reader.get<Namespace>("", "namespaces", "", name);
  }

  /** The namespace may be a moment old: what is durable counts. */
  async #decideFresh(request: AdmissionRequest): Promise<void> {
    await this.#reader.fresh("", "namespaces");
    const found = this.#find(request.namespace);
    if (found === undefined) {
      throw notFound({ group: "", resource: "namespaces" }, request.namespace);
    }
    decide(request, found);
  }
}

function decide(request: AdmissionRequest, found: Namespace): void {
  const { operation, namespace } = request;
  const ending = found.metadata?.deletionTimestamp !== undefined ||
    found.status?.phase === "Terminating";
  if (operation !== "CREATE" || !ending) return;
  throw rejected(
    request,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [{
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    }],
  );
}
