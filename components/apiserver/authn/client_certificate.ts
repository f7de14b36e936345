import { type Clock, unauthorized } from "../../base/mod.ts";
import {
  type CertificateFacts,
  isIssuedBy,
  readCertificate,
  readSubjectUid,
} from "../../pki/mod.ts";
import type { Authenticator, UserInfo } from "../ports.ts";
import type { IdentityMeter } from "./identity_meter.ts";

interface Known {
  readonly user: UserInfo | undefined;
  readonly facts: CertificateFacts;
}

/**
 * The user a verified client certificate names; nobody for one that another authority signed, whom the door trusts for
 * other ends. A connection's certificate is read once, its end watched always.
 */
export function clientCertificates(
  clock: Clock,
  authority: string,
  meter?: IdentityMeter,
): Authenticator {
  const known = new WeakMap<Uint8Array, Known>();
  return {
    async authenticate(_request, peer) {
      if (peer.certificate === undefined) return undefined;
      let entry = known.get(peer.certificate);
      if (entry === undefined) {
        const facts = readable(peer.certificate);
        const mine = isIssuedBy(peer.certificate, authority);
        entry = { facts, user: mine ? await userOf(facts, peer.certificate) : undefined };
        known.set(peer.certificate, entry);
      }
      const left = entry.facts.notAfter - clock.now();
      if (left < 0) throw unauthorized();
      if (entry.user !== undefined) meter?.certificateUsed(left / 1000);
      return entry.user;
    },
  };
}

/** The door found it signed by our authority; what we cannot read all the same is no credential. */
function readable(der: Uint8Array): CertificateFacts {
  try {
    return readCertificate(der);
  } catch {
    throw unauthorized();
  }
}

async function userOf(facts: CertificateFacts, der: Uint8Array): Promise<UserInfo | undefined> {
  const { commonName, organizations } = facts.subject;
  if (commonName === "") return undefined;
  const uid = await readSubjectUid(der);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(der)));
  return {
    username: commonName,
    ...(uid === undefined ? {} : { uid }),
    groups: organizations,
    extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${digest.toHex()}`] },
  };
}
