import { SignJWT } from "jose";
import { hasReason } from "../base/mod.ts";
import { type Secret, SECRETS, SERVICE_ACCOUNTS, type ServiceAccount } from "../api/mod.ts";
import type { ServiceAccountKeys } from "../pki/mod.ts";
import { objectKey } from "../reconcile/mod.ts";
import { type Controller, runLoop } from "./controller.ts";

const TYPE = "kubernetes.io/service-account-token";
const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";

/** The claims of a token that never expires; `jti` and times are left out, as they always were in these. */
export interface LegacyTokenClaims {
  readonly iss: "kubernetes/serviceaccount";
  readonly sub: string;
  readonly [claim: `kubernetes.io/${string}`]: string;
}

export type TokenSecretPlan =
  | { readonly kind: "none" }
  | { readonly kind: "delete" }
  | { readonly kind: "fill"; readonly claims?: LegacyTokenClaims };

/** What a secret of the type needs: nothing, its data, or to go with its account. */
export function planTokenSecret(
  secret: Secret,
  account: ServiceAccount | undefined,
  rootCa: string | undefined,
): TokenSecretPlan {
  const name = secret.metadata?.annotations?.[ACCOUNT_NAME];
  if (name === undefined || name === "") return { kind: "none" };
  const uid = secret.metadata?.annotations?.[ACCOUNT_UID];
  if (account === undefined || (uid !== undefined && uid !== account.metadata?.uid)) {
    return { kind: "delete" };
  }
  const namespace = secret.metadata?.namespace ?? "";
  const data = secret.data ?? {};
  const complete = uid !== undefined && data["namespace"] === btoa(namespace) &&
    (rootCa === undefined || data["ca.crt"] === btoa(rootCa));
  if (complete && (data["token"] ?? "") !== "") return { kind: "none" };
  if ((data["token"] ?? "") !== "") return { kind: "fill" };
  return {
    kind: "fill",
    claims: {
      iss: "kubernetes/serviceaccount",
      sub: `system:serviceaccount:${namespace}:${name}`,
      "kubernetes.io/serviceaccount/namespace": namespace,
      "kubernetes.io/serviceaccount/secret.name": secret.metadata?.name ?? "",
      "kubernetes.io/serviceaccount/service-account.name": name,
      "kubernetes.io/serviceaccount/service-account.uid": account.metadata?.uid ?? "",
    },
  };
}

function sign(claims: LegacyTokenClaims, { signing }: ServiceAccountKeys): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: signing.algorithm, kid: signing.keyId })
    .sign(signing.privateKey);
}

/** Fills secrets of type `kubernetes.io/service-account-token`, and deletes them with their account. */
export const serviceAccountTokenController: Controller = {
  name: "serviceaccount-token-controller",
  aliases: ["serviceaccount-token"],
  start(context) {
    const { serviceAccountKeys: keys, rootCa } = context.options;
    if (keys === undefined) return undefined;
    const { client } = context;
    const accounts = context.informers.of(SERVICE_ACCOUNTS);
    const secrets = context.informers.of(SECRETS, { fieldSelector: `type=${TYPE}` });
    const accountKey = (secret: Secret) =>
      `${secret.metadata?.namespace}/${secret.metadata?.annotations?.[ACCOUNT_NAME]}`;
    const loop = runLoop(context, {
      name: "serviceaccount-token",
      needs: [accounts, secrets],
      workers: 5,
      reconcile: async (key) => {
        const secret = secrets.get(key);
        if (secret === undefined) return;
        const { name = "", namespace = "", uid, annotations } = secret.metadata ?? {};
        let account = accounts.get(accountKey(secret));
        // Before deleting, ask the server itself: the cache of accounts may be behind that of secrets.
        const accountName = annotations?.[ACCOUNT_NAME];
        if (account === undefined && accountName !== undefined && accountName !== "") {
          account = await client.find(SERVICE_ACCOUNTS, accountName, namespace);
        }
        const plan = planTokenSecret(secret, account, rootCa);
        if (plan.kind === "none") return;
        if (plan.kind === "delete") {
          await client.delete(SECRETS, name, { namespace, ...(uid === undefined ? {} : { uid }) })
            .catch((error) => {
              if (!hasReason(error, "NotFound")) throw error;
            });
          return;
        }
        const token = plan.claims === undefined ? undefined : await sign(plan.claims, keys);
        await client.update(SECRETS, {
          ...secret,
          metadata: {
            ...secret.metadata,
            annotations: { ...annotations, [ACCOUNT_UID]: account?.metadata?.uid ?? "" },
          },
          data: {
            ...secret.data,
            namespace: btoa(namespace),
            ...(rootCa === undefined ? {} : { "ca.crt": btoa(rootCa) }),
            ...(token === undefined ? {} : { token: btoa(token) }),
          },
        });
      },
    });
    secrets.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    accounts.onChange(({ key, current, previous }) => {
      if (current !== undefined && previous !== undefined) return;
      for (const secret of secrets.list()) {
        if (accountKey(secret) === key) loop.queue.add(objectKey(secret));
      }
    });
    return loop;
  },
};
