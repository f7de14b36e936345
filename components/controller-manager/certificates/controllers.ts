import { hasReason, timestamp } from "../../base/mod.ts";
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  SUBJECT_ACCESS_REVIEWS,
  type SubjectAccessReview,
} from "../../api/mod.ts";
import { readSigningRequest, type SigningRequest } from "../../pki/mod.ts";
import { type Controller, runEvery, runLoop } from "../controller.ts";
import { errorText } from "../pod_template.ts";
import { isStale } from "./cleanup.ts";
import {
  KUBELET_CLIENT,
  lifetimeMilliseconds,
  requestProblem,
  SIGNERS,
  usagesOf,
  verdictOf,
} from "./signers.ts";

const CLEANUP_MILLISECONDS = 3_600_000;

const requestOf = (csr: CertificateSigningRequest): Promise<SigningRequest> =>
  readSigningRequest(atob(csr.spec?.request ?? ""));

function condition(type: string, reason: string, message: string, now: number) {
  const at = timestamp(now);
  return { type, status: "True", reason, message, lastUpdateTime: at, lastTransitionTime: at };
}

/** Approves the client certificates of kubelets that may ask for them. */
export const requestApprovingController: Controller = {
  name: "certificatesigningrequest-approving-controller",
  aliases: ["csrapproving"],
  start(context) {
    const { client, clock } = context;
    const requests = context.informers.of(CERTIFICATE_SIGNING_REQUESTS);
    const loop = runLoop(context, {
      name: "csr-approving",
      needs: [requests],
      reconcile: async (name) => {
        const csr = requests.get(name);
        if (csr?.spec?.signerName !== KUBELET_CLIENT) return;
        const { approved, denied } = verdictOf(csr);
        if (approved || denied || (csr.status?.certificate ?? "") !== "") return;
        const request = await requestOf(csr).catch(() => undefined);
        if (request === undefined || requestProblem(csr, request) !== undefined) return;
        const isSelf = csr.spec.username === request.subject.commonName;
        for (const subresource of isSelf ? ["selfnodeclient", "nodeclient"] : ["nodeclient"]) {
          const { username, uid, groups, extra } = csr.spec;
          const review = await client.create<SubjectAccessReview>(SUBJECT_ACCESS_REVIEWS, {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SubjectAccessReview",
            spec: {
              ...(username === undefined ? {} : { user: username }),
              ...(uid === undefined ? {} : { uid }),
              ...(groups === undefined ? {} : { groups }),
              ...(extra === undefined ? {} : { extra }),
              resourceAttributes: {
                group: "certificates.k8s.io",
                resource: "certificatesigningrequests",
                verb: "create",
                version: "*",
                subresource,
              },
            },
          });
          if (review.status?.allowed !== true) continue;
          const message = subresource === "selfnodeclient"
            ? "Auto approving self kubelet client certificate after SubjectAccessReview."
            : "Auto approving kubelet client certificate after SubjectAccessReview.";
          await client.update(CERTIFICATE_SIGNING_REQUESTS, {
            ...csr,
            status: {
              ...csr.status,
              conditions: [
                ...csr.status?.conditions ?? [],
                condition("Approved", "AutoApproved", message, clock.now()),
              ],
            },
          }, { subresource: "approval" });
          return;
        }
      },
    });
    requests.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    return loop;
  },
};

/** Signs requests that are approved, for the signers that Kubernetes itself has. */
export const requestSigningController: Controller = {
  name: "certificatesigningrequest-signing-controller",
  aliases: ["csrsigning"],
  start(context) {
    const { client, clock, options } = context;
    const authority = options.signingAuthority;
    if (authority === undefined) return undefined;
    const requests = context.informers.of(CERTIFICATE_SIGNING_REQUESTS);
    const loop = runLoop(context, {
      name: "csr-signing",
      needs: [requests],
      workers: 5,
      reconcile: async (name) => {
        const csr = requests.get(name);
        if (csr === undefined || !SIGNERS.includes(csr.spec?.signerName ?? "")) return;
        const { approved, denied, failed } = verdictOf(csr);
        if (!approved || denied || failed || (csr.status?.certificate ?? "") !== "") return;
        let problem: string | undefined;
        let request: SigningRequest | undefined;
        try {
          request = await requestOf(csr);
          problem = requestProblem(csr, request);
        } catch (error) {
          problem = `unable to parse csr "${name}": ${errorText(error)}`;
        }
        if (request === undefined || problem !== undefined) {
          const failure = condition(
            "Failed",
            "SignerValidationFailure",
            problem ?? "",
            clock.now(),
          );
          await client.update(CERTIFICATE_SIGNING_REQUESTS, {
            ...csr,
            status: { ...csr.status, conditions: [...csr.status?.conditions ?? [], failure] },
          }, { subresource: "status" });
          return;
        }
        const { subject, dnsNames, ipAddresses, publicKey } = request;
        const profile = { subject, dnsNames, ipAddresses, usages: usagesOf(csr) };
        const pem = await authority.sign(profile, publicKey, lifetimeMilliseconds(csr));
        await client.update(CERTIFICATE_SIGNING_REQUESTS, {
          ...csr,
          status: { ...csr.status, certificate: btoa(pem) },
        }, { subresource: "status" });
      },
    });
    requests.onChange(({ key, current }) => current !== undefined && loop.queue.add(key));
    return loop;
  },
};

/** Deletes requests that are over. */
export const requestCleaner: Controller = {
  name: "certificatesigningrequest-cleaner-controller",
  aliases: ["csrcleaner"],
  start(context) {
    const requests = context.informers.of(CERTIFICATE_SIGNING_REQUESTS);
    return runEvery(context, "csr-cleaner", CLEANUP_MILLISECONDS, [requests], async () => {
      for (const csr of requests.list()) {
        if (!isStale(csr, context.clock.now())) continue;
        await context.client.delete(CERTIFICATE_SIGNING_REQUESTS, csr.metadata?.name ?? "")
          .catch((error) => {
            if (!hasReason(error, "NotFound")) throw error;
          });
      }
    });
  },
};
