import { type Clock, nameSuffix, type Random } from "../../base/mod.ts";
import type { Container, Pod, ServiceAccount, Volume } from "../../api/served.ts";
import { isMirrorPod, podReferences } from "../authz/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { foreignSecret } from "./mountable_secrets.ts";
import { isPodCreate, podOf, rejected } from "./target.ts";

const DEFAULT_NAME = "default";
const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX = "kube-api-access-";
/** An hour, and some seconds by which kubelets know a token that they asked for themselves. */
const TOKEN_SECONDS = 3607;
const FILE_MODE = 0o644;
/** The account of a namespace that was just made comes a moment later: how long a pod waits for it. */
const DEFAULT_ACCOUNT_WAIT_MILLISECONDS = 1500;

/** Gives every pod an account, its image pull secrets, and a token with which it can call the API server. */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = "ServiceAccount";
  readonly #reader: ObjectReader;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(reader: ObjectReader, clock: Clock, random: Random) {
    this.#reader = reader;
    this.#clock = clock;
    this.#random = random;
  }

  handles(request: AdmissionRequest): boolean {
    return isPodCreate(request);
  }

  async admit(request: AdmissionRequest): Promise<void> {
    const pod = podOf(request);
    if (isMirrorPod(pod)) return;
    const spec = pod.spec ??= {};
    spec.serviceAccountName ||= DEFAULT_NAME;
    // The field's older name always shows the same.
    spec.serviceAccount = spec.serviceAccountName;
    const account = await this.#account(request, spec.serviceAccountName);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) {
      this.#mountToken(pod);
    }
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
    }
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const pod = podOf(request);
    if (isMirrorPod(pod)) return validateMirror(request, pod);
    const account = await this.#account(request, pod.spec?.serviceAccountName ?? "");
    const problem = foreignSecret(pod, account);
    if (problem !== undefined) throw rejected(request, problem);
  }

  async #account(request: AdmissionRequest, name: string): Promise<ServiceAccount> {
    const find = () =>
      this.#reader.get<ServiceAccount>("", "serviceaccounts", request.namespace, name);
    let account = find();
    if (account === undefined) {
      await this.#reader.fresh("", "serviceaccounts");
      account = find();
    }
    if (account === undefined && name === DEFAULT_NAME) {
      await this.#appearance(request.namespace);
      account = find();
    }
    if (account !== undefined) return account;
    throw rejected(
      request,
      `error looking up service account ${request.namespace}/${name}: ` +
        `serviceaccount ${JSON.stringify(name)} not found`,
    );
  }

  /** Resolves when the namespace's default account is there, or after a while. */
  #appearance(namespace: string): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel();
        end();
        resolve();
      };
      const timer = this.#clock.after(DEFAULT_ACCOUNT_WAIT_MILLISECONDS, finish);
      const end = this.#reader.onChange("", "serviceaccounts", ({ current }) => {
        const { name, namespace: where } = current?.metadata ?? {};
        if (name === DEFAULT_NAME && where === namespace) finish();
      });
    });
  }

  #mountToken(pod: Pod): void {
    const spec = pod.spec ??= {};
    const containers = [...spec.initContainers ?? [], ...spec.containers ?? []];
    const without = containers.filter((container) => !mountsPath(container));
    if (without.length === 0) return;
    const volumes = spec.volumes ??= [];
    let volume = volumes.find(({ name }) => name?.startsWith(VOLUME_PREFIX));
    if (volume === undefined) {
      volume = tokenVolume(this.#newName(volumes));
      volumes.push(volume);
    }
    for (const container of without) {
      container.volumeMounts = [...container.volumeMounts ?? [], {
        name: volume.name ?? "",
        readOnly: true,
        mountPath: MOUNT_PATH,
      }];
    }
  }

  #newName(volumes: readonly Volume[]): string {
    for (;;) {
      const name = VOLUME_PREFIX + nameSuffix(this.#random);
      if (!volumes.some((volume) => volume.name === name)) return name;
    }
  }
}

const mountsPath = (container: Container): boolean =>
  container.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH) ?? false;

/** Token, authority and namespace in one folder. */
function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: FILE_MODE,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
        {
          configMap: {
            name: "kube-root-ca.crt",
            items: [{ key: "ca.crt", path: "ca.crt" }],
          },
        },
        {
          downwardAPI: {
            items: [{
              path: "namespace",
              fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
            }],
          },
        },
      ],
    },
  };
}

/** A mirror pod is a kubelet's own: it must not lend the node the rights of an account. */
function validateMirror(request: AdmissionRequest, pod: Pod): void {
  if (pod.spec?.serviceAccountName) {
    throw rejected(request, "a mirror pod may not reference service accounts");
  }
  if (podReferences(pod).secrets.size > 0) {
    throw rejected(request, "a mirror pod may not reference secrets");
  }
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) {
    throw rejected(request, "a mirror pod may not use ServiceAccountToken volume projections");
  }
}
