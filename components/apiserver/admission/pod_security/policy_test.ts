import assert from "node:assert/strict";
import type { Container, PodSpec, Volume } from "../../../api/served.ts";
import { isVersion, type Level, showViolations, violationsOf } from "./policy.ts";

type Context = NonNullable<Container["securityContext"]>;

const container = (name: string, securityContext?: Context, more: Container = {}): Container => ({
  name,
  image: "i",
  ...(securityContext === undefined ? {} : { securityContext }),
  ...more,
});
/** A container that the restricted standard has nothing against. */
const GOOD: Context = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};
const pod = (containers: Container[], spec: PodSpec = {}): PodSpec => ({ containers, ...spec });
const volume = (name: string, source: Volume): PodSpec =>
  pod([container("a", GOOD)], {
    volumes: [{ name, ...source }],
  });

const cases: readonly [standard: string, spec: PodSpec, expected: string, annotations?: object][] =
  [
    ["privileged:latest", pod([container("a", { privileged: true })], { hostPID: true }), ""],
    ["baseline:latest", pod([container("a")]), ""],
    ["restricted:latest", pod([container("a", GOOD)]), ""],
    [
      "restricted:latest",
      pod([container("a"), container("b")], { initContainers: [container("i", GOOD)] }),
      'allowPrivilegeEscalation != false (containers "a", "b" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or containers "a", "b" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [
      "restricted:v1.7",
      pod([container("a", { runAsNonRoot: true })]),
      "",
    ],
    [
      "restricted:v1.18",
      pod([container("a", { runAsNonRoot: true })]),
      'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)',
    ],
    ["restricted:v1.99", pod([container("a", GOOD)]), ""],
    [
      "restricted:latest",
      pod([
        container("a", { ...GOOD, capabilities: { drop: ["ALL"], add: ["SYS_TIME", "CHOWN"] } }),
      ]),
      'unrestricted capabilities (container "a" must not include "CHOWN", "SYS_TIME" in securityContext.capabilities.add)',
    ],
    [
      "baseline:latest",
      pod([container("a", { capabilities: { add: ["SYS_TIME", "CHOWN"] } })]),
      'non-default capabilities (container "a" must not include "SYS_TIME" in securityContext.capabilities.add)',
    ],
    [
      "baseline:latest",
      pod(
        [container("a", { privileged: true }, { ports: [{ hostPort: 80 }, { hostPort: 443 }] })],
        {
          hostNetwork: true,
          hostIPC: true,
          volumes: [{ name: "v", hostPath: { path: "/" } }],
        },
      ),
      "host namespaces (hostNetwork=true, hostIPC=true), " +
      'hostPath volumes (volume "v"), hostPort (container "a" uses hostPorts 443, 80), ' +
      'privileged (container "a" must not set securityContext.privileged=true)',
    ],
    [
      "restricted:latest",
      volume("v", { hostPath: { path: "/" } }),
      'restricted volume types (volume "v" uses restricted volume type "hostPath")',
    ],
    [
      "restricted:latest",
      volume("v", { image: { reference: "x" } }),
      'restricted volume types (volume "v" uses restricted volume type "unknown")',
    ],
    ["restricted:latest", volume("v", { emptyDir: {} }), ""],
    [
      "baseline:latest",
      pod([container("a", { procMount: "Unmasked" })]),
      'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ],
    ["baseline:latest", pod([container("a", { procMount: "Unmasked" })], { hostUsers: false }), ""],
    [
      "baseline:v1.34",
      pod([container("a", { procMount: "Unmasked" })], { hostUsers: false }),
      'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      "baseline:latest",
      pod([container("a", { seLinuxOptions: { type: "x", user: "u" } })], {
        securityContext: { seLinuxOptions: { type: "container_engine_t" } },
      }),
      'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)',
    ],
    [
      "baseline:v1.30",
      pod([container("a")], {
        securityContext: { seLinuxOptions: { type: "container_engine_t" } },
      }),
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
    ],
    [
      "baseline:latest",
      pod([container("a", { seccompProfile: { type: "Unconfined" } })], {
        securityContext: { seccompProfile: { type: "Unconfined" } },
      }),
      'seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      "baseline:v1.18",
      pod([container("a")]),
      'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
      { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" },
    ],
    [
      "baseline:latest",
      pod([container("a", { appArmorProfile: { type: "Unconfined" } })]),
      'forbidden AppArmor profiles (container "a" and annotation must not set AppArmor profile type to "Unconfined", ' +
      '"container.apparmor.security.beta.kubernetes.io/a=\\"unconfined\\"")',
      { "container.apparmor.security.beta.kubernetes.io/a": "unconfined" },
    ],
    [
      "baseline:v1.26",
      pod([container("a")], {
        securityContext: {
          sysctls: [
            { name: "net.ipv4.ip_local_reserved_ports", value: "1" },
            { name: "net.ipv4.tcp_syncookies", value: "1" },
            { name: "kernel.msgmax", value: "1" },
          ],
        },
      }),
      "forbidden sysctls (net.ipv4.ip_local_reserved_ports, kernel.msgmax)",
    ],
    [
      "baseline:latest",
      pod([
        container("a", undefined, { livenessProbe: { httpGet: { host: "10.0.0.1", port: 80 } } }),
      ]),
      'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")',
    ],
    [
      "baseline:latest",
      pod([container("a")], { securityContext: { windowsOptions: { hostProcess: true } } }),
      "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
    ],
    [
      "restricted:latest",
      pod([container("a", { ...GOOD, runAsUser: 0, runAsNonRoot: false })], {
        securityContext: { runAsNonRoot: true, runAsUser: 0 },
      }),
      'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false), ' +
      'runAsUser=0 (pod and container "a" must not set runAsUser=0)',
    ],
    [
      "restricted:latest",
      pod([container("a", { runAsNonRoot: true })], { os: { name: "windows" } }),
      "",
    ],
  ];

Deno.test("violationsOf() names what is outside the standard", async (test) => {
  for (const [standard, spec, expected, annotations = {}] of cases) {
    await test.step(`${standard} ${expected.slice(0, 60)}`, () => {
      const [level, version = ""] = standard.split(":");
      const found = violationsOf({ level: level as Level, version }, {
        metadata: { annotations: annotations as Record<string, string> },
        spec,
      });
      assert.equal(showViolations(found), expected);
    });
  }
});

Deno.test("isVersion() takes latest and v1.x", () => {
  for (const good of ["latest", "v1.0", "v1.36", "v1.200"]) assert.ok(isVersion(good), good);
  for (const bad of ["", "v1", "v2.0", "v1.01", "1.36", "v1.x", "v1.1 ", "v1.99999999"]) {
    assert.ok(!isVersion(bad), bad);
  }
});
