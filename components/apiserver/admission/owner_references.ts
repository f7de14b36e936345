import { equalJson } from "../../base/mod.ts";
import type { KubeObject, ResourceDefinition } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from "../ports.ts";
import { resourceQuestion } from "../questions.ts";
import { rejected } from "./target.ts";

/** Finds the resource of a kind; undefined where none is served. */
export type KindLookup = (
  group: string,
  version: string,
  kind: string,
) => ResourceDefinition | undefined;

type Reference = NonNullable<NonNullable<KubeObject["metadata"]>["ownerReferences"]>[number];

/**
 * Owners are set only by who may delete the object, since the collector will; and only who may set finalizers on an
 * owner makes its deletion wait.
 */
export function ownerReferencesPermissionEnforcement(
  authorizer: Authorizer,
  kindOf: KindLookup,
): AdmissionPlugin {
  return {
    name: "OwnerReferencesPermissionEnforcement",
    handles: ({ operation, definition, subresource, object, oldObject }) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      !(definition.plural === "pods" && definition.group === "" && subresource === "status") &&
      !equalJson(ownersOf(object), ownersOf(oldObject)),
    async validate(request) {
      const { definition, subresource, namespace, name } = request;
      const mayDelete = await ask(authorizer, request, "delete", {
        definition,
        subresource,
        namespace,
        name,
      });
      if (mayDelete !== undefined) {
        throw rejected(
          request,
          `cannot set an ownerRef on a resource you can't delete: ${mayDelete}, <nil>`,
        );
      }
      for (const owner of newlyBlocking(request)) {
        const [group = "", version = ""] = owner.apiVersion?.includes("/")
          ? owner.apiVersion.split("/")
          : ["", owner.apiVersion ?? ""];
        const target = kindOf(group, version, owner.kind ?? "");
        if (target === undefined) {
          throw rejected(
            request,
            "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for " +
              `APIVersion ${owner.apiVersion} Kind ${owner.kind}: no matches for kind ` +
              `${JSON.stringify(owner.kind)} in version ${JSON.stringify(owner.apiVersion)}`,
          );
        }
        const reason = await ask(authorizer, request, "update", {
          definition: target,
          subresource: "finalizers",
          namespace: target.namespaced ? namespace : "",
          name: owner.name ?? "",
        });
        if (reason === undefined) continue;
        throw rejected(
          request,
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't " +
            `set finalizers on: ${reason}, <nil>`,
        );
      }
    },
  };
}

const ownersOf = (object: KubeObject | undefined): readonly Reference[] =>
  object?.metadata?.ownerReferences ?? [];

/** Owners whose deletion the object is going to hold up and did not before. */
function newlyBlocking({ object, oldObject }: AdmissionRequest): Reference[] {
  const blocked = new Set(
    ownersOf(oldObject).filter((one) => one.blockOwnerDeletion === true).map(({ uid }) => uid),
  );
  return ownersOf(object).filter((one) => one.blockOwnerDeletion === true && !blocked.has(one.uid));
}

interface Target {
  readonly definition: ResourceDefinition;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Undefined where it is allowed, else the reason why not. */
async function ask(
  authorizer: Authorizer,
  { user }: AdmissionRequest,
  verb: string,
  { definition: { group, version, plural }, subresource, namespace, name }: Target,
): Promise<string | undefined> {
  const decision = await authorizer.authorize(
    resourceQuestion(user, verb, {
      group,
      version,
      resource: plural,
      subresource,
      namespace,
      name,
    }),
  );
  return decision.allowed ? undefined : decision.reason;
}
