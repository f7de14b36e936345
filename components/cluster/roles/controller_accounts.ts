import { SERVICE_ACCOUNTS, type ServiceAccount, type TokenRequest } from "../../api/mod.ts";
import { type Clock, hasReason } from "../../base/mod.ts";
import { Client, type Fetch } from "../../client/mod.ts";
import type { Connection } from "../connection.ts";
import { userAgent } from "../version.ts";

const NAMESPACE = "kube-system";
const TOKEN_SECONDS = 3600;
/** A token is replaced when so much of its life is over. */
const RENEW_AFTER = 0.8;

/** Service accounts that are called differently from their controllers; the bootstrap roles are bound to them. */
const ACCOUNTS: Readonly<Record<string, string>> = {
  "certificatesigningrequest-approving-controller": "certificate-controller",
  "certificatesigningrequest-cleaner-controller": "certificate-controller",
  "certificatesigningrequest-signing-controller": "certificate-controller",
  "daemonset-controller": "daemon-set-controller",
  "endpoints-controller": "endpoint-controller",
  "garbage-collector-controller": "generic-garbage-collector",
  "node-ipam-controller": "node-controller",
  "node-lifecycle-controller": "node-controller",
  "persistentvolume-binder-controller": "persistent-volume-binder",
  "persistentvolume-protection-controller": "pv-protection-controller",
  "persistentvolumeclaim-protection-controller": "pvc-protection-controller",
  "pod-garbage-collector-controller": "pod-garbage-collector",
  "replicationcontroller-controller": "replication-controller",
  "resourceclaim-controller": "resource-claim-controller",
  "root-ca-certificate-publisher-controller": "root-ca-cert-publisher",
  "serviceaccount-controller": "service-account-controller",
  "taint-eviction-controller": "node-controller",
};

/** The one that makes tokens cannot wait for one. */
const OWN_CLIENT = new Set(["serviceaccount-token-controller"]);

/** The name of a controller's service account in kube-system. Pure. */
export function accountOf(controller: string): string {
  return ACCOUNTS[controller] ?? controller;
}

export interface ControllerAccountsOptions {
  /** As kube-controller-manager: makes accounts and asks for their tokens. */
  readonly connection: Connection;
  /** Without a certificate of our own, which would count before any token. */
  readonly anonymous: Connection;
  readonly clock: Clock;
}

/** Gives each controller a client that is its own service account, so that it may do only its own work. */
export function controllerAccounts(
  options: ControllerAccountsOptions,
): (controller: string) => Client {
  const { anonymous, clock, connection } = options;
  const clients = new Map<string, Client>();
  return (controller) => {
    if (OWN_CLIENT.has(controller)) return connection.client;
    const account = accountOf(controller);
    const known = clients.get(account);
    if (known !== undefined) return known;
    const token = new AccountToken(connection.client, account, clock);
    const fetch: Fetch = async (request) => {
      request.headers.set("authorization", `Bearer ${await token.get()}`);
      return await anonymous.fetch(request);
    };
    const client = new Client({
      server: anonymous.server,
      fetch,
      userAgent: userAgent(controller),
    });
    clients.set(account, client);
    return client;
  };
}

/** A service account's token, asked for when it is first needed and again before it ends. */
class AccountToken {
  readonly #client: Client;
  readonly #account: string;
  readonly #clock: Clock;
  #renewAt = 0;
  #token: Promise<string> | undefined;

  constructor(client: Client, account: string, clock: Clock) {
    this.#client = client;
    this.#account = account;
    this.#clock = clock;
  }

  get(): Promise<string> {
    if (this.#token === undefined || this.#clock.monotonic() >= this.#renewAt) {
      this.#renewAt = this.#clock.monotonic() + TOKEN_SECONDS * 1000 * RENEW_AFTER;
      const asked = this.#request();
      this.#token = asked;
      asked.catch(() => {
        if (this.#token === asked) this.#token = undefined;
      });
    }
    return this.#token;
  }

  async #request(): Promise<string> {
    try {
      return await this.#askForToken();
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
    await this.#makeAccount();
    return await this.#askForToken();
  }

  async #askForToken(): Promise<string> {
    const request: TokenRequest = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: this.#account, namespace: NAMESPACE },
      spec: { audiences: [], expirationSeconds: TOKEN_SECONDS },
    };
    const answer = await this.#client.create<TokenRequest, TokenRequest>(
      SERVICE_ACCOUNTS,
      request,
      { subresource: "token", namespace: NAMESPACE },
    );
    return answer.status?.token ?? "";
  }

  async #makeAccount(): Promise<void> {
    const account: ServiceAccount = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: this.#account, namespace: NAMESPACE },
    };
    try {
      await this.#client.create(SERVICE_ACCOUNTS, account);
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) throw error;
    }
  }
}
