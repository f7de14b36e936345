/** The real kubectl and helm against a cluster whose nodes run nothing: all that is not about containers. */
import assert from "node:assert/strict";
import { TestCluster } from "./cluster_fixture.ts";

let started: Promise<TestCluster> | undefined;
const cluster = () => started ??= TestCluster.start("hollow", 3);

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "registry.test/web:1", ports: [{containerPort: 80}]}
`;

function check(name: string, body: (cluster: TestCluster) => Promise<void>): void {
  Deno.test({
    name: `kubectl, hollow: ${name}`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => await body(await cluster()),
  });
}

check("nodes are Ready and wide tables have their columns", async (c) => {
  await c.ok("wait --for=condition=Ready node --all --timeout=60s");
  const table = await c.ok("get nodes -o wide");
  assert.match(
    table,
    /^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION\s+INTERNAL-IP\s+EXTERNAL-IP\s+OS-IMAGE\s+KERNEL-VERSION\s+CONTAINER-RUNTIME/,
  );
  assert.equal(table.trim().split("\n").length, 4);
});

check("version, cluster-info, api-resources and api-versions", async (c) => {
  assert.match(await c.ok("version"), /Server Version: v1\.36/);
  assert.match(await c.ok("cluster-info"), /control plane.*is running at/);
  assert.match(
    await c.ok("api-resources"),
    /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m,
  );
  assert.match(await c.ok("api-versions"), /^apps\/v1$/m);
});

check("whoami and can-i", async (c) => {
  assert.match(await c.ok("auth whoami"), /system:masters/);
  assert.equal((await c.ok("auth can-i create pods")).trim(), "yes");
  const denied = await c.kubectl(["auth", "can-i", "create", "pods", "--as", "nobody"]);
  assert.equal(denied.stdout.trim(), "no");
});

check("explain reads the schema", async (c) => {
  assert.match(
    await c.ok("explain deployment.spec.template.spec.containers.image"),
    /FIELD: image <string>\s+DESCRIPTION:\s+The image that/,
  );
  const old = await c.ok("explain deployment.spec --output=plaintext-openapiv2");
  assert.match(old, /RESOURCE: spec <Object>\s+DESCRIPTION:\s+How many pods/);
  assert.match(old, /replicas\s+<integer>\s+How many pods there are to be/);
  assert.match(await c.fails("explain pod.nothing"), /field "nothing" does not exist/);
  assert.match(await c.fails("explain nothing"), /doesn't have a resource type "nothing"/);
});

check("what the schema does not know is told as elsewhere", async (c) => {
  const unknown = "apiVersion: none.example/v1\nkind: Nothing\nmetadata: {name: x}\n";
  assert.match(
    await c.fails("apply -f -", unknown),
    /no matches for kind "Nothing" in version "none.example\/v1"\s+ensure CRDs are installed first/,
  );
  const wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndta: {a: b}\n";
  for (const validate of ["true", "strict"]) {
    assert.match(
      await c.fails(`create --validate=${validate} -f -`, wrong),
      /strict decoding error: unknown field "dta"/,
    );
  }
  const warned = await c.kubectl(
    ["create", "--validate=warn", "--dry-run=server", "-f", "-"],
    wrong,
  );
  assert.equal(warned.code, 0, warned.stderr);
  assert.match(warned.stderr, /Warning: unknown field "dta"/);
});

check("apply of a Deployment rolls out", async (c) => {
  assert.match(await c.ok("apply -f -", DEPLOYMENT), /deployment.apps\/web created/);
  assert.match(
    await c.ok("rollout status deployment/web --timeout=60s"),
    /successfully rolled out/,
  );
  assert.match(await c.ok("get deploy web"), /^web\s+3\/3\s+3\s+3/m);
  assert.match(await c.ok("apply -f -", DEPLOYMENT), /unchanged/);
});

check("get prints names, YAML, JSON paths, columns and sorted lists", async (c) => {
  assert.equal((await c.ok("get pods -l app=web -o name")).trim().split("\n").length, 3);
  assert.match(await c.ok("get deploy web -o yaml"), /^kind: Deployment$/m);
  assert.equal(await c.ok("get deploy web -o jsonpath={.spec.replicas}"), "3");
  assert.match(
    await c.ok("get pods -A -o custom-columns=N:.metadata.name --sort-by=.metadata.name"),
    /^N\n/,
  );
  assert.equal(
    (await c.ok("get pods --field-selector=status.phase=Running -o name")).trim().split("\n")
      .length,
    3,
  );
});

check("describe tells of conditions and events", async (c) => {
  const text = await c.ok("describe deployment web");
  assert.match(text, /Available\s+True\s+MinimumReplicasAvailable/);
  assert.match(text, /ScalingReplicaSet/);
  assert.match(await c.ok("events --for deployment/web"), /ScalingReplicaSet/);
});

check("scale, set image, history, undo, pause, resume and restart", async (c) => {
  await c.ok("scale deployment web --replicas=5");
  await c.ok("rollout status deployment/web --timeout=60s");
  await c.ok("set image deployment/web main=registry.test/web:2");
  await c.ok("rollout status deployment/web --timeout=60s");
  assert.match(await c.ok("rollout history deployment/web"), /^2\s/m);
  await c.ok("rollout undo deployment/web");
  await c.ok("rollout status deployment/web --timeout=60s");
  assert.equal(
    await c.ok("get deploy web -o jsonpath={.spec.template.spec.containers[0].image}"),
    "registry.test/web:1",
  );
  await c.ok("rollout pause deployment/web");
  await c.ok("set env deployment/web A=b");
  await c.ok("rollout resume deployment/web");
  await c.ok("rollout restart deployment/web");
  await c.ok("rollout status deployment/web --timeout=60s");
});

check("label, annotate, and the three patches", async (c) => {
  await c.ok("label deployment web tier=front");
  await c.ok("annotate deployment web note=x");
  await c.ok(`patch deployment web --type=merge -p '{"metadata":{"labels":{"a":"1"}}}'`);
  await c.ok(
    `patch deployment web --type=json -p '[{"op":"add","path":"/metadata/labels/b","value":"2"}]'`,
  );
  await c.ok(
    `patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"X","value":"y"}]}]}}}}'`,
  );
  assert.match(await c.ok("get deploy web --show-labels"), /a=1,app=web,b=2,tier=front/);
  assert.equal(
    await c.ok("get deploy web -o jsonpath={.spec.template.spec.containers[0].image}"),
    "registry.test/web:1",
  );
});

check("server-side apply conflicts and can be forced", async (c) => {
  const map = (value: string) =>
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: shared}, data: {k: "${value}"}}`;
  await c.ok("apply --server-side --field-manager=one -f -", map("1"));
  const complaint = await c.fails("apply --server-side --field-manager=two -f -", map("2"));
  assert.match(complaint, /Apply failed with 1 conflict: conflict with "one": \.data\.k/);
  await c.ok("apply --server-side --field-manager=two --force-conflicts -f -", map("2"));
  assert.equal(await c.ok("get cm shared -o jsonpath={.data.k}"), "2");
});

check("dry run leaves no trace and diff shows a change", async (c) => {
  await c.ok("create configmap ghost --from-literal=a=b --dry-run=server");
  assert.match(await c.fails("get cm ghost"), /NotFound/);
  const diff = await c.kubectl(
    ["diff", "-f", "-"],
    DEPLOYMENT.replace("replicas: 3", "replicas: 4"),
  );
  assert.equal(diff.code, 1, diff.stderr);
  assert.match(diff.stdout, /\+\s+replicas: 4/);
});

check("wrong input gets Kubernetes' own answers", async (c) => {
  assert.match(
    await c.fails("apply -f -", DEPLOYMENT.replace("replicas:", "replica:")),
    /unknown field "spec.replica"/,
  );
  assert.match(
    await c.fails("create namespace Bad_Name"),
    /a lowercase RFC 1123 label must consist of/,
  );
  assert.match(await c.fails("get pod nobody"), /pods "nobody" not found/);
  assert.match(await c.fails("create -f -", DEPLOYMENT), /deployments.apps "web" already exists/);
  assert.match(
    await c.fails(
      "apply -f -",
      DEPLOYMENT.replace("matchLabels: {app: web}", "matchLabels: {app: other}"),
    ),
    /field is immutable|does not match/,
  );
});

check("expose gives a Service an address and endpoints", async (c) => {
  await c.ok("expose deployment web --port=80 --type=NodePort");
  assert.match(
    await c.ok("get service web"),
    /^web\s+NodePort\s+10\.\S+\s+<none>\s+80:3\d{4}\/TCP/m,
  );
  await c.ok(
    "wait --for=jsonpath={.endpoints[0].conditions.ready}=true endpointslice -l kubernetes.io/service-name=web --timeout=30s",
  );
});

check("taint, cordon, drain and uncordon", async (c) => {
  const node = (await c.ok("get nodes -o jsonpath={.items[0].metadata.name}")).trim();
  await c.ok(`taint node ${node} key=value:NoSchedule`);
  await c.ok(`taint node ${node} key-`);
  await c.ok(`cordon ${node}`);
  assert.match(await c.ok(`get node ${node}`), /Ready,SchedulingDisabled/);
  await c.ok(`drain ${node} --ignore-daemonsets --delete-emptydir-data --force --timeout=60s`);
  await c.ok("rollout status deployment/web --timeout=60s");
  assert.equal(
    await c.ok(`get pods -l app=web --field-selector=spec.nodeName=${node} -o name`),
    "",
  );
  await c.ok(`uncordon ${node}`);
});

check("a Job completes", async (c) => {
  await c.ok(
    "apply -f -",
    `
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  completions: 2
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "registry.test/job:exit-0"}]
`,
  );
  await c.ok("wait --for=condition=Complete job/once --timeout=30s");
  assert.match(await c.ok("get job once"), /^once\s+Complete\s+2\/2/m);
});

check("cascades: background, orphan and foreground", async (c) => {
  await c.ok("create deployment gone --image=registry.test/web:1");
  await c.ok("rollout status deployment/gone --timeout=60s");
  await c.ok("delete deployment gone --cascade=orphan");
  assert.match(await c.ok("get rs -l app=gone"), /gone-/);
  await c.ok("delete rs -l app=gone --cascade=foreground --timeout=60s");
  await c.ok("wait --for=delete pod -l app=gone --timeout=60s");
});

check("helm installs, upgrades, rolls back and uninstalls a chart", async (c) => {
  const chart = `${c.directory}/chart`;
  await Deno.mkdir(`${chart}/templates`, { recursive: true });
  await Deno.writeTextFile(`${chart}/Chart.yaml`, "apiVersion: v2\nname: probe\nversion: 0.1.0\n");
  await Deno.writeTextFile(`${chart}/values.yaml`, "replicas: 1\n");
  await Deno.writeTextFile(
    `${chart}/templates/all.yaml`,
    DEPLOYMENT.replaceAll("web", "{{ .Release.Name }}").replace(
      "replicas: 3",
      "replicas: {{ .Values.replicas }}",
    ),
  );
  await c.helm(`install probe ${chart} --wait --timeout 60s`);
  await c.helm(`upgrade probe ${chart} --set replicas=2 --wait --timeout 60s`);
  assert.equal(await c.ok("get deploy probe -o jsonpath={.spec.replicas}"), "2");
  await c.helm("rollback probe 1 --wait --timeout 60s");
  assert.equal(await c.ok("get deploy probe -o jsonpath={.spec.replicas}"), "1");
  await c.helm("uninstall probe --wait --timeout 60s");
});

check("a namespace takes what is in it along", async (c) => {
  await c.ok("create namespace doomed");
  await c.ok("create configmap inside -n doomed --from-literal=a=b");
  await c.ok("create deployment inside -n doomed --image=registry.test/web:1");
  await c.ok("delete namespace doomed --timeout=60s");
  assert.match(await c.fails("get ns doomed"), /NotFound/);
});

check("kill -9 of the control plane loses nothing that was acknowledged", async (c) => {
  await c.ok("create configmap kept --from-literal=a=b");
  const before = await c.ok("get cm kept -o jsonpath={.metadata.uid}/{.metadata.resourceVersion}");
  const status = JSON.parse((await c.coracle("status", "--output", "json")).stdout) as {
    pid: number;
  };
  Deno.kill(status.pid, "SIGKILL");
  await c.up();
  assert.equal(
    await c.ok("get cm kept -o jsonpath={.metadata.uid}/{.metadata.resourceVersion}"),
    before,
  );
  await c.ok("wait --for=condition=Ready node --all --timeout=60s");
});

check("stop ends everything", async (c) => {
  await c.stop();
});
