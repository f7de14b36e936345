import { ConfigurationError } from "../../configuration/mod.ts";
import {
  ALL_ALGORITHMS,
  type AuthenticationConfiguration,
  authenticationConfiguration,
} from "./configuration.ts";

/** What the older `--oidc-…` flags say. */
export interface OidcFlags {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly certificateAuthority?: string;
  readonly usernameClaim?: string;
  /** Empty: the issuer and `#`, but for addresses none; `-`: none. */
  readonly usernamePrefix?: string;
  readonly groupsClaim?: string;
  readonly groupsPrefix?: string;
  readonly requiredClaims?: ReadonlyMap<string, string>;
  readonly signingAlgorithms?: readonly string[];
}

/** The configuration that the flags stand for. Throws `ConfigurationError`. */
export function oidcConfiguration(
  flags: OidcFlags,
  ownIssuers: readonly string[],
): AuthenticationConfiguration {
  const claim = flags.usernameClaim ?? "sub";
  const written = flags.usernamePrefix ?? "";
  const prefix = written === "-" || (written === "" && claim === "email")
    ? ""
    : written === ""
    ? `${flags.issuerUrl}#`
    : written;
  const unknown = flags.signingAlgorithms?.find((one) => !ALL_ALGORITHMS.includes(one));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `oidc-signing-algs: unsupported signing algorithm ${JSON.stringify(unknown)}`,
    );
  }
  const { jwt } = authenticationConfiguration({
    jwt: [{
      issuer: {
        url: flags.issuerUrl,
        audiences: [flags.clientId],
        ...(flags.certificateAuthority === undefined
          ? {}
          : { certificateAuthority: flags.certificateAuthority }),
      },
      claimMappings: {
        username: { claim, prefix },
        ...(flags.groupsClaim === undefined
          ? {}
          : { groups: { claim: flags.groupsClaim, prefix: flags.groupsPrefix ?? "" } }),
      },
      claimValidationRules: [...flags.requiredClaims ?? []].map(([claim, requiredValue]) => ({
        claim,
        requiredValue,
      })),
    }],
  }, ownIssuers);
  const algorithms = flags.signingAlgorithms ?? ["RS256"];
  return { jwt: jwt.map((issuer) => ({ ...issuer, algorithms })) };
}
