import assert from "node:assert/strict";
import { FakeClock, sleep, systemClock } from "../base/mod.ts";
import { hardLimit, hasCapability, isFirstUserNamespace } from "./capabilities.ts";
import { fabricRules, nodeAddressOf, shortHash } from "./fabric.ts";
import { mountPoints } from "./mounts.ts";
import { PortInUseError, socketClaims } from "./port_claims.ts";
import { parseElements } from "./port_forwards.ts";
import { planPodRange } from "./pod_range.ts";
import { nodeRules } from "./node_namespace.ts";
import { endEntered, endProcess, isAlive, processEnd, processIdentity } from "./processes.ts";
import { output, ProgramError, run } from "./program.ts";
import { spawnDetached } from "./detached.ts";
import { mappableIds } from "./requirements.ts";
import { readState, writeState } from "./state_file.ts";
import { formatSubnet, freeSubnet, overlap, parseSubnet } from "./subnet.ts";

async function logged(path: string, text: string): Promise<void> {
  while (await Deno.readTextFile(path).catch(() => "") !== text) await sleep(systemClock, 2);
}

Deno.test("run() gives code, output and takes input", async () => {
  const result = await run("/bin/sh", ["-c", "cat; echo err >&2; exit 3"], { stdin: "in" });
  assert.deepEqual(result, { code: 3, stdout: "in", stderr: "err\n", timedOut: false });
});

Deno.test("run() ends a program when its time is over or its signal aborts", async () => {
  const late = await run("/bin/sleep", ["60"], { timeoutMilliseconds: 30 });
  assert.equal(late.timedOut, true);
  const abort = new AbortController();
  const running = run("/bin/sleep", ["60"], { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
});

Deno.test("output() quotes a program's complaint", async () => {
  await assert.rejects(output("/bin/sh", ["-c", "echo no such thing >&2; exit 2"]), (error) => {
    assert.ok(error instanceof ProgramError);
    assert.equal(error.code, 2);
    assert.match(error.message, /no such thing/);
    return true;
  });
  await assert.rejects(output("/nowhere/program", []), /cannot be run/);
});

Deno.test("spawnDetached() starts what is known again by its identity", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const logFile = `${directory}/log`;
    const identity = await spawnDetached("/bin/sh", ["-c", "echo begun; exec sleep 60"], {
      logFile,
    });
    await logged(logFile, "begun\n");
    assert.equal(await isAlive(identity), true);
    assert.equal(await isAlive({ ...identity, startTime: "1" }), false);
    await endProcess(identity, systemClock, 2_000);
    assert.equal(await isAlive(identity), false);
    assert.equal(await Deno.readTextFile(logFile), "begun\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("endEntered() ends the command before what entered for it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const logFile = `${directory}/log`;
    // As nsenter: waits for its child, and passes nothing on.
    const outer = await spawnDetached("/bin/sh", [
      "-c",
      "(trap 'sleep 0.1; echo ended in order; exit' TERM; echo set; while :; do sleep 0.01; done); exit 0",
    ], { logFile });
    await logged(logFile, "set\n");
    await endEntered(outer, systemClock, 5_000);
    assert.equal(await isAlive(outer), false);
    assert.equal(await Deno.readTextFile(logFile), "set\nended in order\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("processEnd() gives up when the time is over", async () => {
  const self = await processIdentity(Deno.pid);
  assert.ok(self !== undefined);
  assert.equal(await processEnd(self, new FakeClock(), 0), false);
});

Deno.test("writeState() leaves what readState() reads, and nothing half", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/state.json`;
    assert.equal(await readState(path), undefined);
    await writeState(path, { a: 1 });
    assert.deepEqual(await readState(path), { a: 1 });
    await Deno.writeTextFile(path, '{"a":');
    assert.equal(await readState(path), undefined);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("parseSubnet() reads ranges and refuses the rest", () => {
  for (
    const [text, expected] of [
      ["10.1.2.3/16", "10.1.0.0/16"],
      ["10.1.2.3", "10.1.2.3/32"],
      ["255.255.255.255/0", "0.0.0.0/0"],
      ["fd00::/8", undefined],
      ["10.0.0.0/33", undefined],
      ["10.0.0/8", undefined],
      ["10.0.0.256/8", undefined],
      ["", undefined],
    ] as const
  ) {
    const subnet = parseSubnet(text);
    assert.equal(subnet === undefined ? undefined : formatSubnet(subnet), expected, text);
  }
});

Deno.test("freeSubnet() takes the first range that touches none in use", () => {
  const free = (...used: string[]) => {
    const subnet = freeSubnet(used);
    return subnet === undefined ? undefined : formatSubnet(subnet);
  };
  assert.equal(free(), "10.213.0.0/24");
  assert.equal(free("10.213.0.5/32", "10.213.1.0/24"), "10.213.2.0/24");
  assert.equal(free("10.0.0.0/8"), "172.29.0.0/24");
  assert.equal(free("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), undefined);
  assert.equal(free("0.0.0.0/0", "fd00::/8"), "10.213.0.0/24");
  const [a, b] = [parseSubnet("10.0.0.0/8"), parseSubnet("10.213.0.0/24")];
  assert.ok(a !== undefined && b !== undefined && overlap(a, b) && overlap(b, a));
});

Deno.test("planPodRange() takes what no other cluster and no route has", () => {
  const routes = [
    { dst: "default", gateway: "192.0.2.1", dev: "eth0" },
    { dst: "10.244.0.0/16", dev: "cor-other" },
    { dst: "10.244.0.0/24", dev: "cor-other", gateway: "10.213.0.2" },
    { dst: "10.8.0.0/16", dev: "tun0" },
    { dst: "10.246.0.0/16", dev: "cor-own" },
  ];
  const plan = (...ranges: string[]) => planPodRange("cor-own", ranges, routes);
  assert.deepEqual(plan("10.244.0.0/16", "10.8.0.0/16", "10.245.0.0/16"), {
    range: "10.245.0.0/16",
    isClaimed: false,
  });
  assert.deepEqual(plan("10.245.0.0/16", "10.246.0.0/16"), {
    range: "10.246.0.0/16",
    isClaimed: true,
  });
  assert.throws(
    () => plan("10.244.128.0/20"),
    /another cluster \(10\.244\.0\.0\/16 on cor-other\)/,
  );
  assert.throws(() => plan("10.8.0.0/16"), /a route of this machine \(10\.8\.0\.0\/16 on tun0\)/);
  assert.throws(() => plan("10.8.0.0/17", "10.244.0.0/17"), /no range is free/);
  // A route that is wider, or narrower, is the machine's business: the more exact one counts.
  assert.equal(plan("10.8.3.0/24").range, "10.8.3.0/24");
});

Deno.test("capabilities and limits are read from the kernel's texts", () => {
  const status = "Name:\tx\nCapEff:\t000001fffeffffff\n";
  assert.equal(hasCapability(status, 21n), true);
  assert.equal(hasCapability(status, 24n), false);
  assert.equal(hasCapability("", 24n), false);
  assert.equal(isFirstUserNamespace("         0          0 4294967295\n"), true);
  assert.equal(isFirstUserNamespace("0 1000 1\n1 100000 65536\n"), false);
  const limits = "Limit                     Soft Limit           Hard Limit           Units\n" +
    "Max open files            1024                 20000                files\n" +
    "Max processes             unlimited            unlimited            processes\n";
  assert.equal(hardLimit(limits, "Max open files"), 20000);
  assert.equal(hardLimit(limits, "Max processes"), Infinity);
  assert.equal(hardLimit(limits, "Max nothing"), undefined);
});

Deno.test("mountPoints() tells what is mounted on top", () => {
  const points = mountPoints(
    "22 1 0:20 / /proc rw - proc proc rw\n" +
      "23 1 0:21 / /a\\040b rw,relatime shared:1 - tmpfs tmpfs rw\n" +
      "24 1 0:22 / /a\\040b rw - ext4 /dev/sda rw\n",
  );
  assert.equal(points.get("/proc"), "proc");
  assert.equal(points.get("/a b"), "ext4");
});

Deno.test("mappableIds() sums a user's ranges, by name or number", () => {
  const text = "ann:100000:65536\n1000:200000:10\nbob:1:x\n\n";
  assert.equal(mappableIds(text, "ann", 1000), 65546);
  assert.equal(mappableIds(text, "bob", 1), 0);
});

Deno.test("rules name the ranges they are for", () => {
  assert.match(nodeRules("10.244.0.0/16"), /ip saddr 10.244.0.0\/16 ip daddr != 10.244.0.0\/16/);
  const rooted = fabricRules({ table: "t", bridge: "b", subnet: "10.213.0.0/24" });
  assert.match(rooted, /ip saddr 10.213.0.0\/24 oifname != "b" masquerade/);
  assert.match(rooted, /output ip daddr 127\.0\.0\.1 .*@forwards/);
  assert.match(rooted, /guard iifname "b" ip daddr 127\.0\.0\.0\/8 drop/);
  const rootless = fabricRules({
    table: "t",
    bridge: "b",
    subnet: "10.213.0.0/24",
    uplink: "tap0",
    machinePorts: [6443],
  });
  assert.match(rootless, /iifname "tap0".*@forwards/);
  assert.match(rootless, /10\.0\.2\.2 tcp dport != \{ 6443 \} reject/);
});

Deno.test("parseElements() reads what the kernel has of forwards", () => {
  const read = (elem: unknown) =>
    Object.fromEntries(parseElements(JSON.stringify({
      nftables: [{ metainfo: { version: "1.0.6" } }, { map: { name: "forwards", elem } }],
    })));
  assert.deepEqual(read(undefined), {});
  assert.deepEqual(
    read([
      [{ concat: ["tcp", 30080] }, { concat: ["10.213.0.2", 30080] }],
      [{ concat: ["udp", 30081] }, { concat: ["10.213.0.3", 53] }],
    ]),
    { "tcp . 30080": "10.213.0.2 . 30080", "udp . 30081": "10.213.0.3 . 53" },
  );
});

Deno.test("ports of the machine are taken once, and given back", async () => {
  const claims = socketClaims();
  for (const protocol of ["tcp", "udp"] as const) {
    const port = freePort(protocol);
    await claims.take(protocol, port);
    await claims.take(protocol, port);
    const others = socketClaims();
    await assert.rejects(others.take(protocol, port), PortInUseError);
    await claims.giveBack(protocol, port);
    await claims.giveBack(protocol, port);
    await others.take(protocol, port);
    others.close();
    await claims.take(protocol, port);
  }
  claims.close();
});

function freePort(protocol: "tcp" | "udp"): number {
  const any = { hostname: "127.0.0.1", port: 0 };
  const socket = protocol === "tcp"
    ? Deno.listen(any)
    : Deno.listenDatagram({ transport: "udp", ...any });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}

Deno.test("a link's alias keeps the node's address, and its name fits the kernel", () => {
  assert.equal(
    nodeAddressOf({ ifname: "x", mtu: 1, ifalias: "coracle:10.213.0.2" }),
    "10.213.0.2",
  );
  assert.equal(nodeAddressOf({ ifname: "x", mtu: 1, ifalias: "other" }), undefined);
  assert.ok(`cor-${shortHash("a/very/long/directory/name")}v`.length <= 15);
});
