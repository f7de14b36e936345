import { X509Certificate } from "node:crypto";
import type { CustomResourceDefinition } from "../../generated/types.ts";
import { GoText } from "../go_text.ts";
import { OMITTED } from "../value_errors.ts";

const SHOWN_MAXIMUM_BYTES = 4096;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

/** Why a bundle of authorities, in base64, holds none; undefined for one that does, and for an empty one. Pure. */
export function bundleProblem(bundle: string): string | undefined {
  const bytes = bytesOf(bundle);
  if (bytes.length === 0) return undefined;
  let problem = "unable to parse bytes as PEM block";
  for (const [, type, body = ""] of new TextDecoder("latin1").decode(bytes).matchAll(BLOCK)) {
    // Blocks with headers are none of a bundle.
    if (type !== "CERTIFICATE" || body.includes(":")) continue;
    try {
      new X509Certificate(Uint8Array.fromBase64(body));
      return undefined;
    } catch {
      problem = "failed to parse certificate: x509: malformed certificate";
      break;
    }
  }
  return `unable to load root certificates: ${problem}`;
}

/** A bundle as Go shows bytes, where it is no longer than a message should be. */
export function shownBundle(bundle: string): GoText | typeof OMITTED {
  const bytes = bytesOf(bundle);
  if (bytes.length > SHOWN_MAXIMUM_BYTES) return OMITTED;
  return new GoText(
    `[]byte{${[...bytes].map((byte) => `0x${byte.toString(16)}`).join(", ")}}`,
  );
}

/** True where a definition's objects could be converted: what its webhook is trusted by can be read. */
export function hasReadableBundle({ spec }: CustomResourceDefinition): boolean {
  const bundle = spec?.conversion?.webhook?.clientConfig?.caBundle ?? "";
  return bundleProblem(bundle) === undefined;
}

function bytesOf(bundle: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(bundle);
  } catch {
    return new Uint8Array();
  }
}
