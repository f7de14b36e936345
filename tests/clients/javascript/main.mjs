/** Uses a cluster through `@kubernetes/client-node` in the ways that controllers do: each check prints one line. */
import * as k8s from "@kubernetes/client-node";
import { Buffer } from "node:buffer";
import process from "node:process";
import { PassThrough } from "node:stream";

const NAMESPACE = "js-client";
const TIMEOUT_MILLISECONDS = 30_000;

const config = new k8s.KubeConfig();
config.loadFromFile(process.argv[2]);
const core = config.makeApiClient(k8s.CoreV1Api);

async function typed() {
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  const made = await core.createNamespacedConfigMap({
    namespace: NAMESPACE,
    body: { metadata: { name: "typed" }, data: { a: "1" } },
  });
  made.data = { a: "2" };
  const changed = await core.replaceNamespacedConfigMap({
    name: "typed",
    namespace: NAMESPACE,
    body: made,
  });
  equal(changed.data, { a: "2" });
  const stale = await core.replaceNamespacedConfigMap({
    name: "typed",
    namespace: NAMESPACE,
    body: { ...made, data: { a: "3" } },
  }).catch((error) => error.code);
  equal(stale, 409);
  const none = await core.readNamespacedConfigMap({ name: "none", namespace: NAMESPACE })
    .catch((error) => error.code);
  equal(none, 404);
  const list = await core.listNamespacedConfigMap({
    namespace: NAMESPACE,
    fieldSelector: "metadata.name=typed",
  });
  equal(list.items.length, 1);
}

async function apply() {
  const body = (value) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "applied", namespace: NAMESPACE },
    data: { k: value },
  });
  const api = k8s.KubernetesObjectApi.makeApiClient(config);
  const send = (manager, value, force) =>
    api.patch(
      body(value),
      undefined,
      undefined,
      manager,
      force,
      k8s.PatchStrategy.ServerSideApply,
    );
  await send("one", "1", false);
  const refused = await send("two", "2", false)
    .catch((error) => [error.code, JSON.stringify(error.body)]);
  equal(refused[0], 409);
  const forced = await send("two", "2", true);
  equal(forced.data, { k: "2" });
  equal(forced.metadata?.managedFields?.map(({ manager }) => manager), ["two"]);
}

async function watch() {
  const list = await core.listNamespacedConfigMap({ namespace: NAMESPACE });
  const seen = [];
  const heard = withResolvers();
  const request = await new k8s.Watch(config).watch(
    `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    { resourceVersion: list.metadata?.resourceVersion, allowWatchBookmarks: true },
    (type, object) => {
      if (type !== "BOOKMARK") seen.push(`${type} ${object.metadata.name}`);
      if (seen.length === 2) heard.resolve();
    },
    (error) => {
      if (seen.length < 2) heard.reject(error);
    },
  );
  await makeAndDelete("watched");
  await heard.promise;
  request.abort();
  equal(seen, ["ADDED watched", "DELETED watched"]);
}

async function informer() {
  const seen = [];
  const heard = withResolvers();
  const follow = k8s.makeInformer(
    config,
    `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    () => core.listNamespacedConfigMap({ namespace: NAMESPACE }),
  );
  for (const verb of ["add", "delete"]) {
    follow.on(verb, (object) => {
      if (object.metadata?.name !== "followed") return;
      seen.push(verb);
      if (verb === "delete") heard.resolve();
    });
  }
  await follow.start();
  await makeAndDelete("followed");
  await heard.promise;
  await follow.stop();
  equal(seen, ["add", "delete"]);
}

async function lease() {
  const api = config.makeApiClient(k8s.CoordinationV1Api);
  const place = { name: "leader", namespace: NAMESPACE };
  const made = await api.createNamespacedLease({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "leader" },
      spec: {
        holderIdentity: "one",
        leaseDurationSeconds: 1,
        acquireTime: new k8s.V1MicroTime(),
        renewTime: new k8s.V1MicroTime(),
      },
    },
  });
  const renewed = await api.replaceNamespacedLease({
    ...place,
    body: { ...made, spec: { ...made.spec, renewTime: new k8s.V1MicroTime() } },
  });
  // Two candidates who saw the same lease: one of them takes it.
  const take = (holderIdentity) =>
    api.replaceNamespacedLease({
      ...place,
      body: { ...renewed, spec: { ...renewed.spec, holderIdentity, leaseTransitions: 1 } },
    }).then(() => 200, (error) => error.code);
  const answers = await Promise.all([take("two"), take("three")]);
  equal(answers.sort(), [200, 409]);
}

async function exec() {
  await core.createNamespacedPod({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "talker" },
      spec: { containers: [{ name: "main", image: "registry.test/talker:1" }] },
    },
  });
  const end = performance.now() + TIMEOUT_MILLISECONDS;
  for (;;) {
    const pod = await core.readNamespacedPod({ name: "talker", namespace: NAMESPACE });
    if (pod.status?.phase === "Running") break;
    if (performance.now() > end) throw new Error(`the pod is ${pod.status?.phase}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const done = withResolvers();
  const command = new k8s.Exec(config);
  command.handler.socketFactory = openSocket;
  await command.exec(
    NAMESPACE,
    "talker",
    "main",
    ["true"],
    new PassThrough(),
    new PassThrough(),
    null,
    false,
    (status) => done.resolve(status),
  );
  equal((await done.promise).status, "Success");
}

function withResolvers() {
  let resolve, reject;
  const promise = new Promise((...both) => [resolve, reject] = both);
  return { promise, resolve, reject };
}

/** The runtime's own WebSocket, with the cluster's credentials, as the library knows sockets. */
function openSocket(url, protocols) {
  const pem = (text) => Buffer.from(text, "base64").toString();
  const { caData } = config.getCurrentCluster();
  const { certData, keyData } = config.getCurrentUser();
  const client = Deno.createHttpClient({
    caCerts: [pem(caData)],
    cert: pem(certData),
    key: pem(keyData),
  });
  const socket = new WebSocket(url, { protocols, client });
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    target.onmessage({ data: typeof data === "string" ? data : Buffer.from(data) });
  });
  socket.addEventListener("open", () => target.onopen());
  socket.addEventListener("error", (event) => target.onerror(event));
  const target = {
    close: () => socket.close(),
    send: (data) => socket.send(data),
    get protocol() {
      return socket.protocol;
    },
  };
  return target;
}

async function makeAndDelete(name) {
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: { metadata: { name } } });
  await core.deleteNamespacedConfigMap({ name, namespace: NAMESPACE });
}

function equal(actual, expected) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${left} instead of ${right}`);
}

const CHECKS = [
  ["typed client and its errors", typed],
  ["server-side apply", apply],
  ["watch from a list", watch],
  ["informer", informer],
  ["a lease is taken by one", lease],
  ["exec", exec],
];
let failed = false;
for (const [name, run] of CHECKS) {
  try {
    const late = new Promise((_, reject) =>
      setTimeout(() => reject(new Error("not in time")), TIMEOUT_MILLISECONDS)
    );
    await Promise.race([run(), late]);
    console.log(`ok ${name}`);
  } catch (error) {
    failed = true;
    console.log(`not ok ${name}: ${error?.message ?? error}`);
  }
}
process.exit(failed ? 1 : 0);
