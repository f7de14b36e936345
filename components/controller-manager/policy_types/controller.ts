import { CUSTOM_RESOURCE_DEFINITIONS, VALIDATING_ADMISSION_POLICIES } from "../../api/mod.ts";
import { type Controller, runLoop } from "../controller.ts";

/** Tells in a policy's status which of its expressions do not fit the kinds that it is for. */
export const policyTypeController: Controller = {
  name: "validatingadmissionpolicy-status-controller",
  start(context) {
    const policies = context.informers.of(VALIDATING_ADMISSION_POLICIES);
    const loop = runLoop(context, {
      name: "validatingadmissionpolicy-status",
      needs: [policies],
      reconcile: async (name) => {
        const policy = policies.get(name);
        const generation = policy?.metadata?.generation ?? 0;
        if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return;
        // The language of expressions is large, and few clusters have policies.
        const { checkedKinds, typeWarnings } = await import("./plan.ts");
        // Seldom: once for each change of a policy. A cache of all definitions would cost more.
        const { items } = await context.options.client.list(CUSTOM_RESOURCE_DEFINITIONS);
        const expressionWarnings = typeWarnings(policy, checkedKinds(items));
        const status = {
          observedGeneration: generation,
          typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
        };
        await context.client.patch(VALIDATING_ADMISSION_POLICIES, name, {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "ValidatingAdmissionPolicy",
          metadata: { name },
          status,
        }, {
          type: "apply",
          fieldManager: "validatingadmissionpolicy-status-controller",
          force: true,
          subresource: "status",
        });
      },
    });
    policies.onChange(({ current }) => {
      if (current !== undefined) loop.queue.add(current.metadata?.name ?? "");
    });
    return loop;
  },
};
