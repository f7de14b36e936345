import { Buffer } from "node:buffer";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import { pick } from "./random_object.ts";

const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const CURVE = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Good tokens of the cluster, that damage starts from. */
export interface GoodTokens {
  readonly valid: string;
  readonly otherAudience: string;
}

/** A bearer token that nobody may take: forged, damaged, for another, or no token at all. */
export function badToken(random: Random, { valid, otherAudience }: GoodTokens): string {
  const [head = "", claims = "", signature = ""] = valid.split(".");
  const header = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
  const payload = JSON.parse(Buffer.from(claims, "base64url").toString()) as object;
  const forged = [
    () => `${part({ ...header, alg: pick(random, ["none", "None", "nOnE", ""]) })}.${claims}.`,
    () => `${part({ ...header, alg: "none" })}.${claims}.${signature}`,
    () => signed(header, payload, pick(random, ["RS256", "ES256", "HS256"])),
    () => signed({ ...header, jwk: CURVE.publicKey.export({ format: "jwk" }) }, payload, "ES256"),
    () =>
      signed({ ...header, kid: pick(random, ["../../x", "", "x".repeat(500)]) }, payload, "RS256"),
    () => signed({ ...header, crit: ["exp"], b64: false }, payload, "ES256"),
    () => signed(header, { ...payload, exp: 1, iat: 0, nbf: 0 }, "RS256"),
    () => signed(header, { ...payload, exp: pick(random, ["x", -1, 1e300, null]) }, "RS256"),
    () => signed(header, { ...payload, aud: ["other"] }, "ES256"),
    () => signed({ ...header, cty: "JWT" }, { ...payload, nested: valid }, "RS256"),
    () => otherAudience,
    () => replaced(random, valid),
    () => `${head}.${claims}.`,
    () => `${head}.${claims}`,
    () => `${valid}.${signature}`,
    () => `${head}.${part("[".repeat(5_000))}.${signature}`,
    () => `${Buffer.from('{"a":'.repeat(3_000)).toString("base64url")}.${claims}.${signature}`,
    () => `${part("x")}.${part("y")}.${part("z")}`,
    () => "x".repeat(1 + randomInteger(random, 12_000)),
    () => ".".repeat(1 + randomInteger(random, 5_000)),
    () => `${part({ alg: "dir", enc: "A256GCM" })}..a.b.c`,
  ];
  return pick(random, forged)();
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function signed(header: object, payload: object, alg: string): string {
  const text = `${part({ ...header, alg })}.${part(payload)}`;
  const bytes = Buffer.from(text);
  const signature = alg === "HS256"
    ? createHmac("sha256", RSA.publicKey.export({ type: "spki", format: "pem" })).update(text)
      .digest()
    : alg === "RS256"
    ? sign("sha256", bytes, RSA.privateKey)
    : sign("sha256", bytes, { key: CURVE.privateKey, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** One letter in the midst of a part becomes another; the last of a part may hold bits that mean nothing. */
function replaced(random: Random, token: string): string {
  const parts = token.split(".");
  const which = randomInteger(random, parts.length);
  const old = parts[which] ?? "";
  const at = randomInteger(random, old.length - 4);
  parts[which] = old.slice(0, at) + (old[at] === "A" ? "B" : "A") + old.slice(at + 1);
  return parts.join(".");
}
