/** Many pods behind one name: roll-outs, Services, DNS and the API server as pods see it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import { decode, encode } from "dns-packet";
import { IMAGE } from "./busybox_image.ts";
import { type TestCluster, until } from "./cluster_fixture.ts";

type Check = (name: string, body: (cluster: TestCluster) => Promise<void>) => void;

const REPLICAS = 10;
const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${REPLICAS}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: "${IMAGE}"
        command: [sh, -c, 'mkdir /www; echo "$VERSION $HOSTNAME" > /www/index.html; exec httpd -f -p 80 -h /www']
        env: [{name: VERSION, value: v1}]
        ports: [{name: http, containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 8080, targetPort: http}]
---
apiVersion: v1
kind: Service
metadata: {name: web-headless}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
`;

/** What a pod gets from an address, by a program that needs no name service library. */
const fetched = (c: TestCluster, host: string, port: number) =>
  c.ok(`exec talker -- sh -c "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${host} ${port}"`);

const clusterIp = (c: TestCluster) => c.ok("get service web -o jsonpath={.spec.clusterIP}");

/** Who answers at a Service: asked often enough that each of its pods should. */
async function answerers(ask: () => Promise<string>): Promise<Set<string>> {
  const found = new Set<string>();
  for (let i = 0; i < 12; i++) {
    const [, version = "", name = ""] = /^(v\d) (web-\S+)$/m.exec(await ask()) ?? [];
    found.add(`${version} ${name}`);
  }
  return found;
}

/** What the machine gets from a port of its own, or of a node. */
async function fromMachine(port: number, host = "127.0.0.1"): Promise<string> {
  const response = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(5000) });
  return await response.text();
}

const answered = async (port: number) =>
  /^v1 web-/.test(await fromMachine(port)) ? true : undefined;

async function refused(port: number): Promise<true | undefined> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    throw error;
  }
}

/** Asks the DNS server at a UDP port of the machine for a name's address. */
async function addressOverUdp(name: string, port: number): Promise<string | undefined> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    const query = encode({ type: "query", id: 7, questions: [{ type: "A", name }] });
    await socket.send(query, { transport: "udp", hostname: "127.0.0.1", port });
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
    const received = await Promise.race([socket.receive(), late]);
    if (received === undefined) return undefined;
    const [record] = decode(Buffer.from(received[0])).answers ?? [];
    return record?.type === "A" ? record.data : undefined;
  } finally {
    socket.close();
  }
}

export function serviceCases(check: Check): void {
  check(`a Deployment of ${REPLICAS} rolls out`, async (c) => {
    await c.ok("apply -f -", WEB);
    await c.ok("rollout status deployment/web --timeout=60s");
    assert.match(await c.ok("get deployment web"), /^web\s+10\/10\s+10\s+10/m);
    const addresses = await c.ok("get pods -l app=web -o jsonpath={.items[*].status.podIP}");
    assert.equal(new Set(addresses.split(" ")).size, REPLICAS);
    const nodes = await c.ok("get pods -l app=web -o jsonpath={.items[*].spec.nodeName}");
    assert.equal(new Set(nodes.split(" ")).size, c.nodes);
  });

  check("a Service is reached from a pod by its address, and spreads", async (c) => {
    const address = await clusterIp(c);
    const found = await answerers(() => fetched(c, address, 8080));
    assert.ok(found.size > 1, [...found].join());
    assert.ok([...found].every((text) => text.startsWith("v1 web-")), [...found].join());
  });

  check("the proxies of a Service, a pod and a node reach them", async (c) => {
    const raw = (path: string) => c.ok(`get --raw /api/v1/${path}`);
    assert.match(await raw("namespaces/default/services/web:8080/proxy/"), /^v1 web-/m);
    const pod = await c.ok("get pods -l app=web -o jsonpath={.items[0].metadata.name}");
    assert.match(await raw(`namespaces/default/pods/${pod}:80/proxy/`), new RegExp(`^v1 ${pod}`));
    assert.equal(await raw("nodes/node-1/proxy/healthz"), "ok");
  });

  check("pods of every node are reached from a pod", async (c) => {
    const addresses = await c.ok("get pods -l app=web -o jsonpath={.items[*].status.podIP}");
    for (const address of addresses.split(" ")) {
      assert.match(await fetched(c, address, 80), /^v1 web-/m);
    }
  });

  check("a node port is reached from a pod and from the machine", async (c) => {
    const port = Number(await c.ok("get service web -o jsonpath={.spec.ports[0].nodePort}"));
    const nodes = await c.ok("get nodes -o jsonpath={.items[*].status.addresses[0].address}");
    for (const node of nodes.split(" ")) assert.match(await fetched(c, node, port), /v1 web-/);
    assert.match(await fromMachine(port), /^v1 web-/);
    // As root the nodes' own addresses are reached too; rootless there is no route to them.
    if (Deno.uid() !== 0) return;
    for (const node of nodes.split(" ")) assert.match(await fromMachine(port, node), /^v1 web-/);
  });

  check(
    "node ports of the machine come and go with their Service, and outlive the control plane",
    async (c) => {
      const web = Number(await c.ok("get service web -o jsonpath={.spec.ports[0].nodePort}"));
      const port = "-o jsonpath={.spec.ports[0].nodePort}";
      await c.ok("create service nodeport short --tcp=80:80");
      await c.ok('patch service short -p \'{"spec":{"selector":{"app":"web"}}}\'');
      const first = Number(await c.ok(`get service short ${port}`));
      await until("the node port leads to a pod", () => answered(first));

      // Another program has the port: an event tells of it, and it is taken as soon as it is free.
      await c.ok("delete service short");
      await until("the node port leads nowhere", () => refused(first));
      const blocked = Deno.listen({ hostname: "127.0.0.1", port: first });
      await c.ok(
        "apply -f -",
        `{apiVersion: v1, kind: Service, metadata: {name: short}, spec: {type: NodePort, selector: {app: web},
        ports: [{name: http, port: 80, nodePort: ${first}}, {name: dns, port: 53, protocol: UDP}]}}`,
      );
      await until("an event says that the port is in use", async () => {
        const events = await c.ok("get events --field-selector involvedObject.name=short");
        return /PortInUse.*is in use by another program/.test(events) ? true : undefined;
      });
      blocked.close();
      await until("the node port leads to a pod again", () => answered(first));

      // A control plane that is killed leaves them; the next one takes back what nobody asks for any more.
      await c.ok("delete service short");
      const instance = JSON.parse(await Deno.readTextFile(`${c.directory}/data/coracle.json`));
      Deno.kill(instance.process.pid, "SIGKILL");
      await c.up();
      await until("the node port is taken back", () => refused(first));
      await until("the other leads on", () => answered(web));
    },
  );

  check("a UDP node port is reached from the machine", async (c) => {
    const type = (name: string) =>
      c.ok(`patch service kube-dns -n kube-system -p '{"spec":{"type":"${name}"}}'`);
    await type("NodePort");
    const port = Number(
      await c.ok("get service kube-dns -n kube-system -o jsonpath={.spec.ports[0].nodePort}"),
    );
    const expected = await clusterIp(c);
    const answer = await until(
      "cluster DNS answers the machine",
      () => addressOverUdp("web.default.svc.cluster.local", port),
    );
    assert.equal(answer, expected);
    await type("ClusterIP");
  });

  check("cluster DNS answers pods", async (c) => {
    const address = await clusterIp(c);
    const lookUp = (name: string) => c.ok(`exec talker -- nslookup ${name}`);
    const answer = await until("DNS answers", () => lookUp("web.default.svc.cluster.local"));
    assert.match(answer, new RegExp(`Address.*: ${address.replaceAll(".", "\\.")}$`, "m"));
    const headless = await lookUp("web-headless.default.svc.cluster.local");
    assert.equal(
      [...headless.matchAll(/^Address.*: \d+\.\d+\.\d+\.\d+$/gm)].length,
      REPLICAS,
      headless,
    );
    assert.match(
      await c.fails("exec talker -- nslookup none.default.svc.cluster.local"),
      /exit code/,
    );
  });

  check("a roll-out leaves no request without an answer", async (c) => {
    const address = await clusterIp(c);
    await c.ok("set env deployment/web VERSION=v2");
    const rollout = c.background("rollout status deployment/web --timeout=60s");
    let finished = false;
    const ended = rollout.end().then((code) => {
      finished = true;
      return code;
    });
    while (!finished) assert.match(await fetched(c, address, 8080), /^v[12] web-/m);
    assert.equal(await ended, 0, rollout.output);
    await until("only the new pods answer", async () => {
      const found = await answerers(() => fetched(c, address, 8080));
      return [...found].every((text) => text.startsWith("v2 web-")) ? true : undefined;
    });
    assert.match(await c.ok("rollout history deployment/web"), /^2\s/m);
  });

  check("the API server is reached from a pod, and takes its token", async (c) => {
    const answer = await c.kubectl([
      "exec",
      "talker",
      "--",
      "sh",
      "-c",
      "nc -w 3 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null",
    ]);
    assert.equal(answer.code, 0, answer.stderr);
    const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    assert.equal(await c.ok(`exec talker -- cat ${folder}/namespace`), "default");
    const token = await c.ok(`exec talker -- cat ${folder}/token`);
    const authority = await c.ok(`exec talker -- cat ${folder}/ca.crt`);
    const client = Deno.createHttpClient({ caCerts: [authority] });
    const get = async (path: string) => {
      const url = `https://127.0.0.1:${c.port}${path}`;
      return await fetch(url, { client, headers: { authorization: `Bearer ${token}` } });
    };
    assert.equal((await get("/api/v1")).status, 200);
    const denied = await get("/api/v1/namespaces/default/secrets");
    assert.equal(denied.status, 403);
    assert.match(
      (await denied.json()).message,
      /User "system:serviceaccount:default:default" cannot list resource "secrets"/,
    );
    client.close();
  });

  check("Jobs complete and fail", async (c) => {
    const job = (name: string, spec: string, script: string) => `
apiVersion: batch/v1
kind: Job
metadata: {name: ${name}}
spec:
  ${spec}
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "${IMAGE}", command: [sh, -c, "${script}"]}]
`;
    await c.ok(
      "apply -f -",
      job(
        "sum",
        "{completions: 4, parallelism: 2}".slice(1, -1)
          .replace(", ", "\n  "),
        "echo worked",
      ),
    );
    await c.ok("apply -f -", job("lost", "backoffLimit: 1", "exit 3"));
    await c.ok("wait --for=condition=Complete job/sum --timeout=60s");
    assert.equal(await c.ok("get job sum -o jsonpath={.status.succeeded}"), "4");
    assert.equal(await c.ok("logs job/sum"), "worked\n");
    await c.ok("wait --for=condition=Failed job/lost --timeout=60s");
    assert.equal(
      await c.ok("get job lost -o jsonpath={.status.failed}/{.status.conditions[-1:].reason}"),
      "2/BackoffLimitExceeded",
    );
    await c.ok("delete job sum lost");
    await c.ok("wait --for=delete pod -l job-name --timeout=30s");
  });

  check("a namespace goes with its pods", async (c) => {
    await c.ok("create namespace doomed");
    await c.ok(`create deployment inside -n doomed --image=${IMAGE} --replicas=2 -- sleep 3600`);
    await c.ok("rollout status deployment/inside -n doomed --timeout=30s");
    await c.ok(
      `patch deployment inside -n doomed -p '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":1}}}}'`,
    );
    await c.ok("rollout status deployment/inside -n doomed --timeout=30s");
    await c.ok("delete pods --all -n doomed --grace-period=1 --wait=false");
    await c.ok("delete namespace doomed --timeout=60s");
    assert.match(await c.fails("get namespace doomed"), /NotFound/);
  });
}
