/** What each room in `components/` may import, lower ranks first. */
const RANK_0 = ["base"];
const RANK_1 = ["base"];
const RANK_2 = ["base", "api"];
const NODE_SIDE = ["base", "api", "host", "client", "reconcile", "serving"];
const CONTROLLER_SIDE = ["base", "api", "client", "reconcile", "serving"];

export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: RANK_0,
  storage: RANK_1,
  pki: RANK_1,
  host: RANK_1,
  client: RANK_2,
  reconcile: ["base", "api", "client"],
  serving: ["base", "api", "pki", "client"],
  apiserver: ["base", "api", "storage", "pki", "client", "reconcile", "serving"],
  scheduler: CONTROLLER_SIDE,
  "controller-manager": [...CONTROLLER_SIDE, "pki"],
  "cloud-controller-manager": CONTROLLER_SIDE,
  kubelet: [...NODE_SIDE, "pki"],
  network: NODE_SIDE,
  proxy: NODE_SIDE,
  dns: CONTROLLER_SIDE,
  monitoring: CONTROLLER_SIDE,
  logging: CONTROLLER_SIDE,
  dashboard: ["base", "api", "client", "serving"],
  cluster: [
    "base",
    "api",
    "storage",
    "pki",
    "host",
    "client",
    "reconcile",
    "serving",
    "apiserver",
    "scheduler",
    "controller-manager",
    "cloud-controller-manager",
    "kubelet",
    "network",
    "proxy",
    "dns",
    "monitoring",
    "logging",
    "dashboard",
  ],
  cli: ["base", "cluster"],
};

/**
 * Doors of rooms beside their `mod.ts`: which files may take them. Anybody may load one late, by `import()`, and tests
 * as they like.
 */
export const SECOND_DOORS: Readonly<Record<string, readonly string[]>> = {
  // What a server knows of kinds is ten times as large as what its clients need.
  "components/api/served.ts": [
    "components/apiserver/",
    // Loaded late themselves, with the first policy and with the first pod that needs a device.
    "components/controller-manager/policy_types/plan.ts",
    "components/scheduler/dynamic_resources/device_selectors.ts",
  ],
};

/** Programs of which many run, or that shall be small: what a server knows of kinds is not loaded with them. */
export const SMALL_PROGRAMS: readonly string[] = [
  "components/cluster/node_main.ts",
  "components/cluster/roles_worker.ts",
  "components/controller-manager/mod.ts",
  "components/scheduler/mod.ts",
];

/** Past this a file becomes a folder of the same name. */
export const FILE_LINES_MAXIMUM = 350;
/** Tables of cases are longer than what they test. */
export const TEST_LINES_MAXIMUM = 600;

/** Files that are longer for now: the number may only go down. */
export const LARGE_FILES: Readonly<Record<string, number>> = {
  // Upstream's bootstrap roles, one line a rule: data.
  "components/apiserver/bootstrap/rbac_table.ts": 627,
};

export interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  allowed(path: string): boolean;
}

/** Tests, and what stands in for the world in them. */
export const isTest = (path: string): boolean =>
  path.endsWith("_test.ts") || path.endsWith("_suite.ts") || path.endsWith("/simulation.ts") ||
  /\/fake_[a-z_]+\.ts$/.test(path);
const within = (...places: string[]) => (path: string) =>
  isTest(path) || places.some((place) => path.startsWith(place));

/** Calls that stand only in one place, each with what to use instead and why. */
export const BANNED: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|\bperformance\.now\(|\bnew Date\(\)/,
    instead: "take a Clock: time is an argument, so that tests and the simulation can set it",
    allowed: within("components/base/clock.ts"),
  },
  {
    pattern: /\bsetTimeout\(|\bsetInterval\(/,
    instead: "Clock.after or sleep: a fake clock must be able to fire it",
    allowed: within("components/base/clock.ts"),
  },
  {
    pattern: /\bMath\.random\(|\bcrypto\.randomUUID\(/,
    instead: "take a Random: a seed must be able to repeat it",
    allowed: within("components/base/random.ts"),
  },
  {
    pattern: /\bDeno\.Command\b|node:child_process/,
    instead: "host/ runs programs: one place to see what the cluster does to the machine",
    allowed: within("components/host/"),
  },
  {
    pattern: /\bDeno\.openKv\b|\bDeno\.Kv\b/,
    instead: "only storage/kv* knows Deno KV",
    allowed: within("components/storage/kv"),
  },
  {
    pattern: /@grpc\/grpc-js/,
    instead:
      "only storage/etcd/ and key services speak gRPC; it is loaded only where they are used",
    allowed: within("components/storage/etcd/", "components/apiserver/encryption/kms_grpc.ts"),
  },
  {
    pattern: /\bWebAssembly\.|\.wasm"/,
    instead: "only files named *_wasm.ts know WebAssembly",
    allowed: (path) => isTest(path) || path.endsWith("_wasm.ts"),
  },
  {
    pattern: /\blibpod\b/,
    instead: "only kubelet/podman/ knows Podman",
    allowed: within("components/kubelet/podman/", "components/host/"),
  },
  {
    pattern: /\bconsole\.(log|error|warn)\(/,
    instead: "components log through a Logger; only the command line prints",
    allowed: within(
      "components/cli/",
      "components/cluster/node_main.ts",
      "components/api/generate/",
    ),
  },
];

/** Why each dependency is here rather than our own code. */
export const ALLOWED_DEPENDENCIES: Readonly<Record<string, string>> = {
  "@bufbuild/protobuf": "reads and writes the wire format of Kubernetes' protobuf bodies",
  "@grpc/grpc-js": "speaks with etcd and with key services; loaded only where they are used",
  "@kubernetes/client-node":
    "its models of the release are what the field tables are generated from; not used at run time",
  "@noble/ciphers": "NaCl's secretbox, one of the ciphers of values at rest",
  "@peculiar/x509": "makes and reads signing requests",
  "@types/dns-packet": "types of dns-packet",
  "croner": "cron schedules with time zones",
  "dns-packet": "DNS messages",
  "fflate": "unpacks the archive that carries kubectl",
  "hono": "serves the API and the kubelet's",
  "ipaddr.js": "addresses and ranges of both families",
  "jose": "signs and verifies service-account tokens",
  "re2js": "matches users' patterns in linear time, in the syntax of Go's regexp",
  "reflect-metadata": "@peculiar/x509 does not load without it",
  "yaml": "reads and writes manifests",
};
