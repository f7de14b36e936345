/** Hears what credentials requests bear. */
export interface IdentityMeter {
  /** Whether a service account's token was at hand. */
  tokenLooked(found: boolean): void;
  /** A client's certificate was taken that is good for so much longer. */
  certificateUsed(secondsLeft: number): void;
  /** A service account's token was taken: `stale` once it should have been renewed, `legacy` where it never ends. */
  accountTokenUsed(kind: "valid" | "stale" | "legacy"): void;
  /** A token of an issuer, known by the SHA-256 of its URL, was looked at. */
  issuerAsked(hash: string, well: boolean, seconds: number): void;
}
