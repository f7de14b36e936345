import type { Clock, Logger, MetricRegistry, Random } from "../base/mod.ts";
import { BUILTIN_KINDS, type ResourceDefinition } from "../api/served.ts";
import type { Fetch } from "../client/mod.ts";
import type { Credential, Pki } from "../pki/mod.ts";
import { type Dial, directDial } from "../serving/mod.ts";
import type { Store } from "../storage/mod.ts";
import { type AdmissionConfiguration, admissionPlugins } from "./admission/mod.ts";
import { createApp } from "./app.ts";
import { customResourceTermination, DefinitionService } from "./custom/mod.ts";
import {
  type AuthenticationConfiguration,
  type AuthenticationSettings,
  createAuthentication,
  ownFrontProxies,
} from "./authn/mod.ts";
import {
  AuthorizationChain,
  type AuthorizationSettings,
  NodeAuthorizer,
  RbacAuthorizer,
} from "./authz/mod.ts";
import { tunnelAuthorizer } from "./connect/mod.ts";
import {
  bootstrapCluster,
  ensureKubernetesService,
  Ensurer,
  nodeRules,
  ServerLeases,
} from "./bootstrap/mod.ts";
import { ExtensionPoints } from "./extension_points.ts";
import { HealthChecks, serveEndpoints } from "./endpoints/mod.ts";
import { openEncryption } from "./encryption/mod.ts";
import { openGate } from "./fairness/mod.ts";
import {
  countedDecisions,
  identityMeter,
  meteredAdmission,
  meteredAuthenticator,
  meteredAuthorizer,
  MeteredStore,
  webhookAuthorizerMeter,
} from "./metrics/mod.ts";
import type { Authorizer, ObjectReader, ObjectWriter, Peer, UserInfo } from "./ports.ts";
import { objectReader, objectWriter, Registry } from "./registry/mod.ts";
import { accessReviews, authenticationReviews, TokenRequests } from "./reviews/mod.ts";
import { type ConnectHandler, Router } from "./router.ts";
import { withCrossOrigin } from "./cross_origin.ts";
import { Running, type RunningOptions } from "./running.ts";
import { StoredPlaces } from "./stored_places.ts";
import { ServiceHook } from "./services/mod.ts";
import { startChecks } from "./start_checks.ts";

export interface ApiServerOptions {
  readonly store: Store;
  readonly pki: Pki;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
  /** Where pods reach this server: the endpoints of `kubernetes.default`. Never loopback. */
  readonly advertise: { readonly addresses: readonly string[]; readonly port: number };
  /** IPv4 first; the first address of the first is that of `kubernetes.default`. */
  readonly serviceCidrs: readonly string[];
  /** Of service-account tokens; `https://kubernetes.default.svc.cluster.local` where not given. */
  readonly issuer?: string;
  /** Of tokens that are taken, too, though new ones do not bear it. */
  readonly olderIssuers?: readonly string[];
  /** Whom tokens must be for; the issuer where not given. */
  readonly apiAudiences?: readonly string[];
  /** Bearer tokens that never expire, with whom they stand for. */
  readonly tokens?: ReadonlyMap<string, UserInfo>;
  /** Who is asked who may do what: nodes' own rules and RBAC where not given. */
  readonly authorization?: AuthorizationSettings;
  /** Who is known beside certificates and the cluster's own tokens. */
  readonly authentication?: AuthenticationSettings;
  /** What is shown to servers behind this one; one of the cluster's own authority where not given. PEM. */
  readonly proxyClient?: Pick<Credential, "certificate" | "key">;
  /** A `fetch` that trusts these authorities, or the machine's own: for issuers outside the cluster. */
  readonly outbound?: (authority?: string) => Fetch;
  readonly definitions?: readonly ResourceDefinition[];
  readonly running?: RunningOptions;
  /** Which admission plugins run; the usual ones where not given. */
  readonly admission?: AdmissionConfiguration;
  /** How webhooks and extension API servers are reached; by the machine's own routes where not given. */
  readonly dial?: Dial;
  /** Makes what answers log, exec, attach, portforward and proxy; without it they are 501. */
  readonly connect?: (
    server: { readonly reader: ObjectReader; readonly authorizer: ServerAuthorizer },
  ) => ConnectHandler;
  /** Paths outside the API that other parts of the cluster answer; undefined: not mine. */
  readonly extra?: (
    request: Request,
    path: string,
    user: UserInfo,
  ) => Promise<Response> | undefined;
}

type ServerAuthorizer = Authorizer;

export interface ApiServer {
  /** Answers a request; never rejects. */
  handle(request: Request, peer: Peer): Promise<Response>;
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly health: HealthChecks;
  /** True for a path that a server behind this one answers. */
  isPassedOn(path: string): boolean;
  /** Resolves when everything a cluster starts with exists. */
  readonly ready: Promise<void>;
  /** Lets clients be led to other servers, where there are any, while this one still answers. */
  leave(): Promise<void>;
  /** Takes another configuration of issuers and of anonymous access, for requests from now on. */
  reconfigureAuthentication(configuration: AuthenticationConfiguration): void;
  /** Takes another chain of authorizers, for requests from now on. */
  reconfigureAuthorization(settings: AuthorizationSettings): void;
  /**
   * Ends as upstream does: leads clients to other servers, where there are any, is not ready any more, takes no new
   * requests, ends watches, lets running requests finish within the time that a request may take, and closes.
   */
  stop(): Promise<void>;
  /** Ends watches and caches at once; the store is its owner's. */
  close(): void;
}

const DEFAULT_ISSUER = "https://kubernetes.default.svc.cluster.local";

/** kube-apiserver over a store: caches, admission, authentication, authorization, and what a cluster starts with. */
export function startApiServer(options: ApiServerOptions): ApiServer {
  const { pki, clock, random, logger, metrics } = options;
  const frontProxies = options.authentication?.frontProxies ?? ownFrontProxies(pki);
  const issuer = options.issuer ?? DEFAULT_ISSUER;
  const audiences = options.apiAudiences ?? [issuer];
  const keys = pki.serviceAccountKeys;
  const definitions = options.definitions ?? BUILTIN_KINDS;
  const places = new StoredPlaces(definitions);
  const encrypted = openEncryption(options.running?.encryption, options.store, places, options);
  const store = new MeteredStore(encrypted.store, places, metrics, clock);
  const registry = new Registry({
    store,
    definitions,
    clock,
    random,
    logger,
    ...(encrypted.isStale === undefined ? {} : { isStale: encrypted.isStale }),
  });
  const reader = objectReader(registry);
  const writer = objectWriter(registry);
  const running = new Running(options.running ?? {}, { clock, logger, metrics, store, registry });

  const rbac = new RbacAuthorizer();
  const authorizer = new AuthorizationChain({
    first: [tunnelAuthorizer],
    node: countedDecisions(new NodeAuthorizer(reader, nodeRules()), "Node", metrics),
    rbac: countedDecisions(rbac, "RBAC", metrics),
    clock,
    meter: webhookAuthorizerMeter(metrics),
  }, options.authorization);
  const authentication = createAuthentication({
    pki,
    issuers: [issuer, ...options.olderIssuers ?? []],
    apiAudiences: audiences,
    reader,
    writer,
    clock,
    logger,
    staticTokens: options.tokens ?? new Map(),
    frontProxies,
    settings: options.authentication ?? {},
    meter: identityMeter(metrics),
    outbound: options.outbound ?? (() => fetch),
  });
  const { tokens } = authentication;
  const services = new ServiceHook({
    cidrs: options.serviceCidrs,
    reader,
    writer,
    random,
    logger,
    metrics,
    ...(store.shared ? { shared: { store, clock } } : {}),
  });
  const dial = options.dial ?? directDial;
  const shared = { registry, reader, writer, authorizer, clock, random, logger, metrics };
  const extending = new ExtensionPoints({
    ...shared,
    proxyClient: async () => options.proxyClient ?? await pki.frontProxyClient(),
    dial,
  });
  const plugins = admissionPlugins({
    ...shared,
    rbac,
    ...(options.running?.gates === undefined ? {} : { gates: options.running.gates }),
    kindOf: (group, version, kind) => registry.definitions.byKind(group, version, kind),
    extensions: extending.admission,
  }, options.admission);
  const admission = [customResourceTermination, ...plugins];
  registry.useAdmission(meteredAdmission(admission, metrics, clock), [services]);

  const health = new HealthChecks();
  running.addChecks(health);
  if (encrypted.check !== undefined) health.add("kms-providers", encrypted.check);
  const { clusterIp, done, steps } = startChecks(health, options);
  const leases = store.shared
    ? new ServerLeases({
      store,
      clock,
      logger,
      addresses: options.advertise.addresses,
      reconcile: (addresses) =>
        ensureKubernetesService(new Ensurer(reader, writer, clock), {
          addresses,
          port: options.advertise.port,
          clusterIp,
        }),
    })
    : undefined;
  const flow = openGate(options.running?.flowControl ?? {}, {
    clock,
    metrics,
    reader,
    writer,
    logger,
    requestTimeoutMilliseconds: running.timeoutMilliseconds,
    counts: {
      watchers: (info) => running.watches.of(info),
      objects: ({ group, version, resource }) => registry.count(group, version, resource),
    },
  });
  const router = new Router({
    registry,
    reader,
    writer,
    virtual: [
      ...accessReviews(authorizer, rbac),
      ...authenticationReviews(tokens, audiences),
      new TokenRequests({ keys, issuer, apiAudiences: audiences, reader, clock, random }),
    ],
    components: running.components,
    reads: { clock, random, logger, ...running.reads },
    ...(options.connect === undefined ? {} : { connect: options.connect({ reader, authorizer }) }),
  });
  const endpoints = serveEndpoints({
    otherGroups: extending.aggregator.groups,
    definitions: registry.definitions,
    health,
    metrics,
    issuer,
    keys,
    more: running.pages(flow.debug),
    serverAddress: `${options.advertise.addresses[0] ?? "localhost"}:${options.advertise.port}`,
  });
  let custom: DefinitionService | undefined;
  const app = createApp({
    clock,
    random,
    logger,
    metrics: running.metrics,
    authorizer: meteredAuthorizer(authorizer, metrics, clock),
    gate: flow.gate,
    lifecycle: running.lifecycle,
    ...(running.audit === undefined ? {} : { audit: running.audit }),
    timeoutMilliseconds: running.timeoutMilliseconds,
    authenticator: meteredAuthenticator(
      authentication.authenticator,
      metrics,
      clock,
    ),
    resources: extending.resources((request, query, info, user, peer) => {
      const route = () => router.route(request, query, info, user, peer.address);
      return store.shared && !registry.definitions.has(info) && custom !== undefined
        ? custom.catchUp().then(route)
        : route();
    }),
    endpoints: extending.endpoints(async (request, query, info, user) => {
      // Clients of several servers find what they have just defined, whichever they ask.
      if (store.shared && info.path.startsWith("/apis")) await custom?.catchUp();
      return await options.extra?.(request, info.path, user) ??
        await endpoints(request, query, info.path);
    }),
  });

  const ends: (() => void)[] = [];
  const ready = (async () => {
    await registry.ready();
    const service = custom = new DefinitionService({ ...shared, call: extending.call });
    ends.push(
      extending.start(),
      rbac.start(reader),
      services.start(),
      flow.follow(),
    );
    ends.push(service.start());
    await services.repair();
    await bootstrapCluster({
      reader,
      writer,
      clock,
      endpoint: {
        ...options.advertise,
        clusterIp,
        ...(leases === undefined ? {} : { addresses: await leases.renew() }),
      },
      serviceCidrs: options.serviceCidrs,
      shared: store.shared,
      authentication: { clientAuthority: pki.authority.certificate, frontProxies },
      localVersions: definitions,
    }, done);
    steps.clear();
    ends.push(extending.aggregator.control());
    if (leases !== undefined) ends.push(leases.start());
  })();
  ready.catch((error) => logger.error("the server did not become ready", { error }));

  const leave = async () => await leases?.leave();
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    running.close();
    for (const end of ends) end();
    flow.close();
    app.close();
    extending.close();
    registry.close();
    encrypted.close();
  };
  return {
    handle: withCrossOrigin(app.handle, options.running?.corsAllowedOrigins ?? []),
    isPassedOn: (path) => extending.aggregator.remoteAt(path) !== undefined,
    reader,
    writer,
    health,
    ready,
    leave,
    async stop() {
      await leave();
      await running.stop();
      close();
    },
    reconfigureAuthentication: authentication.reconfigure,
    reconfigureAuthorization: (settings) => authorizer.configure(settings),
    close,
  };
}
