/** One pod at a time: its streams, its files, its configuration and its life. */
import assert from "node:assert/strict";
import { IMAGE } from "./busybox_image.ts";
import { freePort } from "../free_port.ts";
import { type TestCluster, until } from "./cluster_fixture.ts";

type Check = (name: string, body: (cluster: TestCluster) => Promise<void>) => void;

/** A pod of one container that runs a script; `spec` and `container` are further lines of YAML flow. */
/** kubectl streams over WebSockets, and over SPDY when it is told to. */
const CARRIERS: readonly [string, Record<string, string>][] = [
  ["WebSocket", {}],
  ["SPDY", {
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false",
    KUBECTL_PORT_FORWARD_WEBSOCKETS: "false",
  }],
];

export function pod(
  name: string,
  script: string,
  { spec = "", container = "", labels = "" } = {},
): string {
  const command = JSON.stringify(["sh", "-c", script]);
  return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}${labels === "" ? "" : `, ${labels}`}}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: "${IMAGE}", command: ${command}${
    container === "" ? "" : `, ${container}`
  }}]
  ${spec}
`;
}

const ready = (c: TestCluster, name: string) =>
  c.ok(`wait --for=condition=Ready pod/${name} --timeout=30s`);

export function podCases(check: Check): void {
  check("a pod runs; its log is read in every way", async (c) => {
    await c.ok(
      "apply -f -",
      pod("talker", "echo one; echo two; echo three; exec sleep 3600"),
    );
    await ready(c, "talker");
    await until("three lines", async () => {
      return /^three$/m.test(await c.ok("logs talker")) ? true : undefined;
    });
    assert.equal(await c.ok("logs talker --tail=1"), "three\n");
    assert.match(
      await c.ok("logs talker --timestamps --tail=1"),
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) three\n$/,
    );
    assert.equal(await c.ok("logs talker --since=1h"), "one\ntwo\nthree\n");
    assert.equal(await c.ok("logs talker --since-time=2099-01-01T00:00:00Z"), "");
    assert.equal(await c.ok("logs talker --limit-bytes=5"), "one\nt");
    assert.equal(
      await c.ok("logs -l app=talker --prefix --tail=1"),
      "[pod/talker/main] three\n",
    );
    assert.match(
      await c.fails("logs talker -p"),
      /previous terminated container "main" in pod "talker" not found/,
    );
    assert.match(
      await c.fails("logs talker -c none"),
      /container none is not valid for pod talker/,
    );
  });

  check("run -i hears all of a command that ends at once", async (c) => {
    for (let round = 0; round < 5; round++) {
      const { code, stderr, stdout } = await c.kubectl([
        ...["run", `quick-${round}`, "--rm", "-i", "--restart=Never", `--image=${IMAGE}`, "--"],
        ...["sh", "-c", `echo first; echo round ${round}`],
      ]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^first\nround ${round}\n`), stderr);
    }
  });

  check("an emptyDir in memory has its size, one on the disk its limit", async (c) => {
    const fill = (path: string) => `dd if=/dev/zero of=${path}/file bs=1024 count=3000`;
    await c.ok(
      "apply -f -",
      pod("filler", `${fill("/memory")} 2>/dev/null; wc -c < /memory/file; exec sleep 3600`, {
        container: "volumeMounts: [{name: memory, mountPath: /memory}]",
        spec: "volumes: [{name: memory, emptyDir: {medium: Memory, sizeLimit: 2Mi}}]",
      }) + "---" + pod("glutton", `${fill("/disk")}; exec sleep 3600`, {
        container: "volumeMounts: [{name: disk, mountPath: /disk}]",
        spec: "restartPolicy: Never\n  volumes: [{name: disk, emptyDir: {sizeLimit: 1Mi}}]",
      }),
    );
    await until("the file is as large as its file system", async () => {
      return await c.ok("logs filler") === `${2 * 1024 * 1024}\n` ? true : undefined;
    });
    await c.ok("wait --for=jsonpath={.status.phase}=Failed pod/glutton --timeout=60s");
    assert.equal(
      await c.ok("get pod glutton -o jsonpath={.status.reason}:{.status.message}"),
      'Evicted:Usage of EmptyDir volume "disk" exceeds the limit "1Mi". ',
    );
    assert.match(
      await c.ok("get events --field-selector reason=Evicted,involvedObject.name=glutton"),
      /Warning\s+Evicted\s+pod\/glutton/,
    );
    await c.ok("delete pod filler glutton --grace-period=0 --force");
  });

  check("a log is followed to the container's end", async (c) => {
    await c.ok(
      "apply -f -",
      pod("ender", "echo begun; until [ -f /go ]; do usleep 20000; done; echo done", {
        spec: "restartPolicy: Never",
      }),
    );
    await ready(c, "ender");
    const follower = c.background("logs -f ender");
    await follower.says(/begun\n/);
    await c.ok("exec ender -- touch /go");
    assert.equal(await follower.end(), 0);
    assert.equal(follower.output, "begun\ndone\n");
    await c.ok("wait --for=jsonpath={.status.phase}=Succeeded pod/ender --timeout=30s");
    await c.ok("delete pod ender");
  });

  check("the log of the run before is kept over a restart", async (c) => {
    const script = "if [ -f /state/seen ]; then echo second; exec sleep 3600; fi; " +
      "touch /state/seen; echo first; exit 3";
    await c.ok(
      "apply -f -",
      pod("again", script, {
        container: "volumeMounts: [{name: state, mountPath: /state}]",
        spec: "volumes: [{name: state, emptyDir: {}}]",
      }),
    );
    await c.ok(
      "wait --for=jsonpath={.status.containerStatuses[0].restartCount}=1 pod/again --timeout=30s",
    );
    await ready(c, "again");
    assert.equal(await c.ok("logs again"), "second\n");
    assert.equal(await c.ok("logs again -p"), "first\n");
    assert.equal(
      await c.ok(
        "get pod again -o jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}",
      ),
      "3",
    );
    await c.ok("delete pod again");
  });

  for (const [carrier, env] of CARRIERS) {
    check(`exec over ${carrier} carries input, output, errors and the exit code`, async (c) => {
      const kubectl = (args: string[], stdin?: string) => c.kubectl(args, stdin, env);
      const piped = await kubectl(["exec", "-i", "talker", "--", "cat"], "through\n");
      assert.deepEqual([piped.code, piped.stdout], [0, "through\n"]);
      const failed = await kubectl(
        ["exec", "talker", "--", "sh", "-c", "echo out; echo err >&2; exit 7"],
      );
      assert.equal(failed.code, 7);
      assert.equal(failed.stdout, "out\n");
      assert.match(failed.stderr, /^err\n/);
      const megabyte = "x".repeat(1_000_000);
      const counted = await kubectl(["exec", "-i", "talker", "--", "wc", "-c"], megabyte);
      assert.equal(counted.stdout.trim(), "1000000", counted.stderr);
      const long = await kubectl(["exec", "talker", "--", "head", "-c", "5000000", "/dev/zero"]);
      assert.equal(long.stdout.length, 5_000_000, long.stderr);
      const absent = await kubectl(["exec", "talker", "--", "no-such-program"]);
      assert.notEqual(absent.code, 0);
      assert.match(absent.stderr, /no-such-program/);
    });
  }

  for (const [carrier, env] of CARRIERS) {
    check(`exec over ${carrier} makes a fast command wait for a slow reader`, async (c) => {
      const command = "kubectl exec talker -- head -c 200000000 /dev/zero";
      assert.equal((await c.shell(`${command} | (sleep 3; wc -c)`, env)).trim(), "200000000");
    });
  }

  check("attach and run -i speak with the container itself", async (c) => {
    await c.ok(
      "apply -f -",
      pod("listener", "read line; echo got $line", {
        container: "stdin: true",
        spec: "restartPolicy: Never",
      }),
    );
    await ready(c, "listener");
    assert.match(await c.ok("attach -i listener", "a word\n"), /got a word/);
    await c.ok("wait --for=jsonpath={.status.phase}=Succeeded pod/listener --timeout=30s");
    assert.equal(await c.ok("logs listener"), "got a word\n");
    assert.match(
      await c.ok(
        `run once -i --rm --restart=Never --image=${IMAGE} -- sh -c 'read x; echo got $x'`,
        "it\n",
      ),
      /got it/,
    );
  });

  check("what cannot be streamed is refused with the reason", async (c) => {
    assert.match(await c.fails("exec talker -c none -- true"), /container none is not valid/);
    assert.match(await c.fails("exec listener -- true"), /completed pod/);
    await c.ok("delete pod listener");
  });

  check("cp carries files both ways", async (c) => {
    const [there, back] = [`${c.directory}/there`, `${c.directory}/back`];
    const bytes = new Uint8Array(2_000_000).map((_, i) => (i * 7919) >> 3);
    await Deno.writeFile(there, bytes);
    await c.ok(`cp ${there} talker:/tmp/file`);
    await c.ok(`cp talker:/tmp/file ${back}`);
    assert.deepEqual(await Deno.readFile(back), bytes);
  });

  for (const [carrier, env] of CARRIERS) {
    check(`port-forward over ${carrier} serves many connections`, async (c) => {
      await c.ok(
        "apply -f -",
        pod("server", "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 80 -h /www", {
          container: "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}",
        }),
      );
      await ready(c, "server");
      const port = freePort();
      const forward = c.background(`port-forward pod/server ${port}:80 --address 127.0.0.1`, env);
      try {
        await forward.says(/Forwarding from 127\.0\.0\.1/);
        const ask = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
        for (let round = 0; round < 10; round++) assert.equal(await ask(), "hello\n");
        const together = await Promise.all(Array.from({ length: 8 }, ask));
        assert.deepEqual(together, Array(8).fill("hello\n"));
      } finally {
        await forward.stop();
      }
    });
  }

  check("debug adds an ephemeral container that sees the target's processes", async (c) => {
    await c.ok(
      `debug talker --image=${IMAGE} -c looker --target=main -- sh -c "ps; echo looked"`,
    );
    const log = await until("the looker's log", async () => {
      const text = await c.ok("logs talker -c looker");
      return text.includes("looked") ? text : undefined;
    });
    assert.match(log, /sleep 3600/);
  });

  check(
    "ConfigMap and Secret arrive as variables and files; the files follow changes",
    async (c) => {
      await c.ok("create configmap settings --from-literal=color=red");
      await c.ok("create secret generic hidden --from-literal=word=sesame");
      await c.ok(
        "apply -f -",
        pod("configured", 'echo "$COLOR $WORD $POD_NAME"; cat /secret/word; exec sleep 3600', {
          container: `env: [
      {name: COLOR, valueFrom: {configMapKeyRef: {name: settings, key: color}}},
      {name: WORD, valueFrom: {secretKeyRef: {name: hidden, key: word}}},
      {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}],
      volumeMounts: [{name: settings, mountPath: /settings}, {name: hidden, mountPath: /secret}]`,
          spec: `volumes: [{name: settings, configMap: {name: settings}},
    {name: hidden, secret: {secretName: hidden, defaultMode: 256}}]`,
        }),
      );
      await ready(c, "configured");
      await until("the log", async () => {
        return (await c.ok("logs configured")) === "red sesame configured\nsesame"
          ? true
          : undefined;
      });
      assert.equal(await c.ok("exec configured -- cat /settings/color"), "red");
      await c.ok(`patch configmap settings --type=merge -p '{"data":{"color":"blue"}}'`);
      await until("the changed file", async () => {
        return (await c.ok("exec configured -- cat /settings/color")) === "blue" ? true : undefined;
      }, 90);
      await c.ok("delete pod configured");
    },
  );

  check("init containers run in order, a sidecar before and beside the others", async (c) => {
    const step = (name: string, script: string, more = "") =>
      `{name: ${name}, image: "${IMAGE}", command: [sh, -c, ${JSON.stringify(script)}], ` +
      `volumeMounts: [{name: work, mountPath: /work}]${more}}`;
    await c.ok(
      "apply -f -",
      pod("prepared", "cat /work/steps; exec sleep 3600", {
        container: "volumeMounts: [{name: work, mountPath: /work}]",
        spec: `initContainers:
  - ${step("first", "echo 1 >> /work/steps")}
  - ${step("beside", "echo beside >> /work/steps; exec sleep 3600", ", restartPolicy: Always")}
  - ${
          step(
            "second",
            "until grep -q beside /work/steps; do usleep 10000; done; echo 2 >> /work/steps",
          )
        }
  volumes: [{name: work, emptyDir: {}}]`,
      }),
    );
    await ready(c, "prepared");
    await until("the steps", async () => {
      return (await c.ok("logs prepared -c main")) === "1\nbeside\n2\n" ? true : undefined;
    });
    assert.match(await c.ok("get pod prepared"), /^prepared\s+2\/2\s+Running/m);
    await c.ok("delete pod prepared");
  });

  check("probes make pods ready and restart them", async (c) => {
    const server = "mkdir /www; echo ok > /www/ok; httpd -p 80 -h /www; exec sleep 3600";
    await c.ok(
      "apply -f -",
      pod("probed", server, {
        container: `startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1},
      readinessProbe: {exec: {command: [cat, /www/ready]}, periodSeconds: 1, failureThreshold: 1},
      livenessProbe: {httpGet: {path: /ok, port: 80}, periodSeconds: 1, failureThreshold: 2}`,
      }),
    );
    await until("the probe of readiness fails", async () => {
      const events = await c.ok("get events --field-selector involvedObject.name=probed");
      return /Unhealthy.*Readiness probe failed/.test(events) ? true : undefined;
    });
    assert.match(await c.ok("get pod probed"), /^probed\s+0\/1\s+Running\s+0/m);
    await c.ok("exec probed -- touch /www/ready");
    await ready(c, "probed");
    await c.ok("exec probed -- rm /www/ok");
    await c.ok(
      "wait --for=jsonpath={.status.containerStatuses[0].restartCount}=1 pod/probed --timeout=30s",
    );
    assert.match(
      await c.ok("get events --field-selector involvedObject.name=probed"),
      /Killing.*failed liveness probe, will be restarted/,
    );
    await c.ok("delete pod probed");
  });

  check("what fails again and again waits, and says why", async (c) => {
    await c.ok("apply -f -", pod("failing", "exit 9"));
    await c.ok("apply -f -", pod("imageless", "true").replace(IMAGE, "127.0.0.1:1/none:1"));
    const waiting = "{.status.containerStatuses[0].state.waiting.reason}";
    await c.ok(`wait --for=jsonpath=${waiting}=CrashLoopBackOff pod/failing --timeout=60s`);
    await until("the image is missing", async () => {
      const reason = await c.ok(`get pod imageless -o jsonpath=${waiting}`);
      return reason === "ErrImagePull" || reason === "ImagePullBackOff" ? true : undefined;
    });
    await c.ok("delete pod failing imageless");
  });

  check("a memory limit is kept", async (c) => {
    // Without a cgroup of its own the pod would take all the memory there is.
    if (!/kubepods/.test(await c.ok("exec talker -- cat /proc/self/cgroup"))) {
      return console.log("skipped: this user may limit nothing on this machine (no cgroups)");
    }
    await c.ok(
      "apply -f -",
      pod("greedy", "exec tail /dev/zero", {
        container: "resources: {limits: {memory: 32Mi}}",
        spec: "restartPolicy: Never",
      }),
    );
    await c.ok("wait --for=jsonpath={.status.phase}=Failed pod/greedy --timeout=30s");
    const state = "{.status.containerStatuses[0].state.terminated}";
    const ended = JSON.parse(await c.ok(`get pod greedy -o jsonpath=${state}`));
    assert.deepEqual([ended.reason, ended.exitCode], ["OOMKilled", 137]);
    await c.ok("delete pod greedy");
  });
}
