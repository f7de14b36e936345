import { cloneJson, equalJson, type JsonObject } from "../../base/mod.ts";
import type { CertificateSigningRequest } from "../../api/served.ts";
import { decodePem, readSigningRequest } from "../../pki/mod.ts";
import { MASTERS_GROUP } from "../authz/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from "../ports.ts";
import { resourceQuestion } from "../questions.ts";
import { isFor, rejected } from "./target.ts";

const GROUP = "certificates.k8s.io";
const RESOURCE = "certificatesigningrequests";
const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

const signerOf = ({ oldObject, object }: AdmissionRequest): string =>
  ((oldObject ?? object) as CertificateSigningRequest | undefined)?.spec?.signerName ?? "";

/** A request says who made it, whatever its maker wrote. */
export const certificateRequester: AdmissionPlugin = {
  name: "CertificateRequester",
  handles: (request) => request.operation === "CREATE" && isFor(request, GROUP, RESOURCE),
  admit({ object, user }) {
    const spec = (object as CertificateSigningRequest).spec ??= {};
    const { username, uid, groups, extra } = user;
    delete spec.uid;
    delete spec.extra;
    Object.assign(spec, {
      username,
      groups: [...groups],
      ...(uid === undefined ? {} : { uid }),
      ...(extra === undefined ? {} : { extra: cloneJson(extra) }),
    });
  },
};

/** Who approves a request must be allowed to `approve` for its signer. */
export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    handles: (request) =>
      request.operation === "UPDATE" && isFor(request, GROUP, RESOURCE, "approval"),
    async validate(request) {
      const signer = signerOf(request);
      if (await maySigner(authorizer, request, "approve", signer)) return;
      throw rejected(
        request,
        `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`,
      );
    },
  };
}

/** Who writes the certificate, or says that signing failed, must be allowed to `sign` for the signer. */
export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    handles: (request) =>
      request.operation === "UPDATE" && isFor(request, GROUP, RESOURCE, "status"),
    async validate(request) {
      const before = (request.oldObject as CertificateSigningRequest).status;
      const after = (request.object as CertificateSigningRequest).status;
      const failed = (status: CertificateSigningRequest["status"]) =>
        JSON.stringify(status?.conditions?.filter(({ type }) => type === "Failed") ?? []);
      if (before?.certificate === after?.certificate && failed(before) === failed(after)) return;
      const signer = signerOf(request);
      if (await maySigner(authorizer, request, "sign", signer)) return;
      throw rejected(
        request,
        `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`,
      );
    },
  };
}

/** Nobody asks for a client certificate of the group that may do everything. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  handles: (request) => request.operation === "CREATE" && isFor(request, GROUP, RESOURCE),
  async validate(request) {
    const { signerName, request: encoded } = (request.object as CertificateSigningRequest).spec ??
      {};
    if (signerName !== CLIENT_SIGNER) return;
    const organizations = await requestedGroups(encoded ?? "").catch(() => {
      throw rejected(request, "unable to parse the certificate signing request");
    });
    if (!organizations.includes(MASTERS_GROUP)) return;
    throw rejected(
      request,
      `use of ${CLIENT_SIGNER} signer with ${MASTERS_GROUP} group is not allowed`,
    );
  },
};

/** Who publishes a signer's trust anchors must be allowed to `attest` for it. */
export function clusterTrustBundleAttest(authorizer: Authorizer): AdmissionPlugin {
  type Bundle = { readonly spec?: { readonly signerName?: string } };
  const signer = (object: unknown) => (object as Bundle | undefined)?.spec?.signerName ?? "";
  return {
    name: "ClusterTrustBundleAttest",
    handles: (request) =>
      (request.operation === "CREATE" || request.operation === "UPDATE") &&
      isFor(request, GROUP, "clustertrustbundles"),
    async validate(request) {
      const name = signer(request.object);
      if (name === "") return;
      const { object, oldObject } = request;
      // Labels and owners may be changed by anyone who may update.
      if (oldObject !== undefined && equalJson(specOf(object), specOf(oldObject))) return;
      if (await maySigner(authorizer, request, "attest", name)) return;
      throw rejected(
        request,
        `user not permitted to attest for signerName ${JSON.stringify(name)}`,
      );
    },
  };
}

const specOf = (object: unknown) => (object as { readonly spec?: JsonObject } | undefined)?.spec;

async function requestedGroups(base64: string): Promise<readonly string[]> {
  const pem = new TextDecoder().decode(Uint8Array.fromBase64(base64));
  if (decodePem(pem).length === 0) throw new Error("no PEM");
  return (await readSigningRequest(pem)).subject.organizations;
}

/** Allowed for the signer by name, or for all of its domain (`example.com/*`). */
async function maySigner(
  authorizer: Authorizer,
  { user }: AdmissionRequest,
  verb: string,
  signer: string,
): Promise<boolean> {
  const domain = signer.slice(0, signer.indexOf("/"));
  for (const name of [signer, `${domain}/*`]) {
    const decision = await authorizer.authorize(
      resourceQuestion(user, verb, { group: GROUP, version: "*", resource: "signers", name }),
    );
    if (decision.allowed) return true;
  }
  return false;
}
