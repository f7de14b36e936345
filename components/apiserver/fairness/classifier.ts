import { invariant } from "../../base/mod.ts";
import type { RequestInfo, UserInfo } from "../ports.ts";
import { looksAtNamespaces, rulesMatch } from "./rule.ts";
import type { SchemaState } from "./schema_state.ts";

/** Which schema a request belongs to, and to which of its flows. */
export interface Classification {
  readonly schema: SchemaState;
  readonly distinguisher: string;
}

/** Kinds of requests of one user whose schema is remembered. */
const REMEMBERED_MAXIMUM = 256;

/** Finds a request's flow. What was found for a user is remembered as long as that user's object lives. */
export class Classifier {
  readonly #schemas: readonly SchemaState[];
  readonly #byNamespace: boolean;
  readonly #known = new WeakMap<UserInfo, Map<string, SchemaState>>();

  /** `schemas` in the order in which they are tried; the last ones catch all. */
  constructor(schemas: readonly SchemaState[]) {
    this.#schemas = schemas;
    this.#byNamespace = schemas.some(({ plan }) => looksAtNamespaces(plan.rules));
  }

  classify(user: UserInfo, info: RequestInfo): Classification {
    const schema = this.#schemaOf(user, info);
    const { distinguisher } = schema.plan;
    return {
      schema,
      distinguisher: distinguisher === "ByUser"
        ? user.username
        : distinguisher === "ByNamespace"
        ? info.namespace
        : "",
    };
  }

  #schemaOf(user: UserInfo, info: RequestInfo): SchemaState {
    let known = this.#known.get(user);
    if (known === undefined) this.#known.set(user, known = new Map());
    const key = this.#key(info);
    let schema = known.get(key);
    if (schema === undefined) {
      schema = this.#schemas.find(({ plan }) => rulesMatch(plan.rules, user, info)) ??
        this.#schemas.at(-1);
      invariant(schema !== undefined, "there is a schema for everything");
      if (known.size >= REMEMBERED_MAXIMUM) known.clear();
      known.set(key, schema);
    }
    return schema;
  }

  /** All that rules look at. */
  #key({ isResourceRequest, verb, path, group, resource, subresource, namespace }: RequestInfo) {
    if (!isResourceRequest) return `${verb} ${path}`;
    const place = this.#byNamespace ? namespace : namespace === "" ? "" : "+";
    return `${verb}/${group}/${resource}/${subresource}/${place}`;
  }
}
