import { ApiError, type Clock, type MetricRegistry } from "../../base/mod.ts";
import type { Authenticator, Peer, UserInfo } from "../ports.ts";

// deno-fmt-ignore
const SECONDS = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];
/** Names that may stand in a label; all others are `other`. */
const NAMES = new Set([
  "admin",
  "client",
  "kube_proxy",
  "kubelet",
  "system:serviceaccount:kube-system:default",
]);

/** Counts what an authenticator finds, under upstream's names. */
export function meteredAuthenticator(
  inner: Authenticator,
  registry: MetricRegistry,
  clock: Clock,
): Authenticator {
  const attempts = registry.counter(
    "authentication_attempts",
    "[ALPHA] Counter of authenticated attempts.",
    ["result"],
  );
  const duration = registry.histogram(
    "authentication_duration_seconds",
    "[ALPHA] Authentication duration in seconds broken out by result.",
    SECONDS,
    ["result"],
  );
  const users = registry.counter(
    "authenticated_user_requests",
    "[ALPHA] Counter of authenticated requests broken out by username.",
    ["username"],
  );
  const of = (result: string) => ({
    attempts: attempts.series(result),
    duration: duration.series(result),
  });
  const results = { success: of("success"), failure: of("failure"), error: of("error") };
  const known = new WeakMap<UserInfo, { value: number }>();

  function done(result: keyof typeof results, started: number): void {
    results[result].attempts.value++;
    results[result].duration.observe((clock.monotonic() - started) / 1000);
  }

  return {
    async authenticate(request: Request, peer: Peer) {
      const started = clock.monotonic();
      let user;
      try {
        user = await inner.authenticate(request, peer);
      } catch (error) {
        done(error instanceof ApiError && error.code === 401 ? "failure" : "error", started);
        throw error;
      }
      done(user === undefined ? "failure" : "success", started);
      if (user === undefined) return undefined;
      let count = known.get(user);
      if (count === undefined) known.set(user, count = users.series(userLabel(user.username)));
      count.value++;
      return user;
    },
  };
}

const userLabel = (username: string): string =>
  NAMES.has(username) ? username : username.includes("@") ? "email_id" : "other";
