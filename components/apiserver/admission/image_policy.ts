import { type Clock, isJsonObject, type JsonObject } from "../../base/mod.ts";
import type { Pod } from "../../api/served.ts";
import {
  ConfigurationError,
  fallback,
  flag,
  integer,
  members,
  text,
} from "../configuration/mod.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../ports.ts";
import { sendReview, type WebhookEndpoint } from "../review_webhook.ts";
import { pluginConfiguration, type PluginConfigurations } from "./configuration.ts";
import { isFor, podOf, rejected } from "./target.ts";

export const IMAGE_POLICY = "ImagePolicyWebhook";

const NOTE = "imagepolicywebhook.image-policy.k8s.io/";
const FAILED_OPEN = "alpha.image-policy.k8s.io/failed-open";
const CACHED_MAXIMUM = 1024;
const TIMEOUT_MILLISECONDS = 30_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How the backend is asked. Lengths of time in milliseconds; -1 turns what they are about off. */
interface ImagePolicy {
  readonly kubeconfig: string;
  readonly allowedMilliseconds: number;
  readonly deniedMilliseconds: number;
  readonly pauseMilliseconds: number;
  readonly defaultAllow: boolean;
}

const file = members({
  imagePolicy: members({
    kubeConfigFile: text,
    allowTTL: fallback(integer, 0),
    denyTTL: fallback(integer, 0),
    retryBackoff: fallback(integer, 0),
    defaultAllow: fallback(flag, false),
  }),
});

/** What the plugin is configured with; undefined where it is not. Throws `ConfigurationError`. */
export function imagePolicyOf(plugins: PluginConfigurations): ImagePolicy | undefined {
  const read = pluginConfiguration(plugins, IMAGE_POLICY, file)?.imagePolicy;
  if (read === undefined) return undefined;
  const { kubeConfigFile: kubeconfig, allowTTL, denyTTL, retryBackoff, defaultAllow } = read;
  if (kubeconfig === "") {
    throw new ConfigurationError(
      `couldn't init admission plugin "${IMAGE_POLICY}": imagePolicy.kubeConfigFile: Required value`,
    );
  }
  const lifetime = { least: SECOND, most: 30 * MINUTE };
  return {
    kubeconfig,
    allowedMilliseconds: lengthOf("allow cache", allowTTL, SECOND, 5 * MINUTE, lifetime),
    deniedMilliseconds: lengthOf("deny cache", denyTTL, SECOND, 30 * SECOND, lifetime),
    pauseMilliseconds: lengthOf("backoff", retryBackoff, 1, 500, { least: 1, most: 5 * MINUTE }),
    defaultAllow,
  };
}

/** A length of time as it is written, in units; 0 is the usual one. */
function lengthOf(
  name: string,
  written: number,
  unit: number,
  usual: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (written === -1) return -1;
  const length = written === 0 ? usual : written * unit;
  if (length >= least && length <= most) return length;
  throw new ConfigurationError(
    `couldn't init admission plugin "${IMAGE_POLICY}": valid value for ${name} is between ` +
      `${least / SECOND}s and ${most / SECOND}s, got ${length / SECOND}s`,
  );
}

interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Asks a backend, by an ImageReview, whether a pod's images may run. */
export class ImagePolicyWebhook implements AdmissionPlugin {
  readonly name = IMAGE_POLICY;
  readonly #policy: ImagePolicy;
  readonly #endpoint: WebhookEndpoint;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly verdict: Verdict; readonly until: number }>();

  constructor(policy: ImagePolicy, endpoint: WebhookEndpoint, clock: Clock) {
    this.#policy = policy;
    this.#endpoint = endpoint;
    this.#clock = clock;
  }

  handles(request: AdmissionRequest): boolean {
    return (request.operation === "CREATE" || request.operation === "UPDATE") &&
      (isFor(request, "", "pods") || isFor(request, "", "pods", "ephemeralcontainers"));
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const spec = reviewSpec(request);
    let verdict: Verdict;
    try {
      verdict = await this.#ask(spec);
    } catch (error) {
      return this.#failed(request, error);
    }
    for (const [key, value] of Object.entries(verdict.annotations)) {
      request.annotate?.(NOTE + key, value);
    }
    if (verdict.allowed) return;
    throw rejected(
      request,
      verdict.reason === ""
        ? "one or more images rejected by webhook backend"
        : `image policy webhook backend denied one or more images: ${verdict.reason}`,
    );
  }

  #failed(request: AdmissionRequest, error: unknown): void {
    if (!this.#policy.defaultAllow) {
      throw rejected(request, error instanceof Error ? error.message : String(error));
    }
    request.annotate?.(`${NOTE}failed-open`, "true");
    const { metadata } = podOf(request);
    if (metadata !== undefined) (metadata.annotations ??= {})[FAILED_OPEN] = "true";
  }

  async #ask(spec: JsonObject): Promise<Verdict> {
    const key = JSON.stringify(spec);
    const now = this.#clock.monotonic();
    const known = this.#known.get(key);
    if (known !== undefined && known.until > now) return known.verdict;
    this.#known.delete(key);
    const { allowedMilliseconds, deniedMilliseconds, pauseMilliseconds } = this.#policy;
    const answer = await sendReview(
      this.#endpoint,
      { apiVersion: "imagepolicy.k8s.io/v1alpha1", kind: "ImageReview", metadata: {}, spec },
      this.#clock,
      TIMEOUT_MILLISECONDS,
      pauseMilliseconds,
    );
    const verdict = verdictOf(answer);
    const lifetime = verdict.allowed ? allowedMilliseconds : deniedMilliseconds;
    if (lifetime > 0) this.#keep(key, verdict, now + lifetime);
    return verdict;
  }

  #keep(key: string, verdict: Verdict, until: number): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= CACHED_MAXIMUM && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { verdict, until });
  }
}

/** ImageReviewSpec of a pod. Pure. */
function reviewSpec(request: AdmissionRequest): JsonObject {
  const { metadata, spec = {} }: Pod = podOf(request);
  const containers = request.subresource === ""
    ? [...spec.containers ?? [], ...spec.initContainers ?? []]
    : spec.ephemeralContainers ?? [];
  const annotations = Object.entries(metadata?.annotations ?? {})
    .filter(([key]) => key.includes(".image-policy.k8s.io/"));
  return {
    containers: containers.map(({ image = "" }) => ({ image })),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    namespace: request.namespace,
  };
}

function verdictOf(answer: JsonObject): Verdict {
  const status = isJsonObject(answer["status"]) ? answer["status"] : {};
  const { allowed, reason, auditAnnotations } = status;
  return {
    allowed: allowed === true,
    reason: typeof reason === "string" ? reason : "",
    annotations: isJsonObject(auditAnnotations)
      ? Object.fromEntries(
        Object.entries(auditAnnotations).filter((each): each is [string, string] =>
          typeof each[1] === "string"
        ),
      )
      : {},
  };
}
