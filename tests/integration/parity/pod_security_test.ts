/** Which pods a namespace's labels let in. */
import { type Cases, testCases } from "./parity_case.ts";

const LABEL = "pod-security.kubernetes.io/";
const label = (labels: Record<string, string>, warns?: string[]) => ({
  send: "PATCH /api/v1/namespaces/$ns",
  type: "merge",
  body: {
    metadata: {
      labels: Object.fromEntries(
        Object.entries(labels).map(([key, value]) => [LABEL + key, value]),
      ),
    },
  },
  code: 200,
  ...(warns === undefined ? {} : { warns }),
});
const pod = (name: string, spec = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});
const CREATED = { code: 201, warns: [] };

const POD_SECURITY: Cases = {
  "all is let in without labels": [
    { send: "POST pods", body: pod("p", { hostNetwork: true }), ...CREATED },
  ],
  "enforced": [
    label({ enforce: "baseline" }),
    { send: "POST pods", body: pod("p"), ...CREATED },
    {
      send: "POST pods",
      body: pod("q", { hostNetwork: true }),
      code: 403,
      reason: "Forbidden",
      message:
        'pods "q" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    },
  ],
  "only told": [
    label({ warn: "restricted", "warn-version": "v1.7" }),
    {
      send: "POST pods",
      body: pod("p"),
      code: 201,
      warns: [
        'would violate PodSecurity "restricted:v1.7": runAsNonRoot != true (pod or container "c" must set ' +
        "securityContext.runAsNonRoot=true)",
      ],
    },
    {
      send: "POST /apis/apps/v1/namespaces/$ns/deployments",
      body: {
        metadata: { name: "d" },
        spec: {
          selector: { matchLabels: { app: "d" } },
          template: {
            metadata: { labels: { app: "d" } },
            spec: { containers: [{ name: "c", image: "i" }] },
          },
        },
      },
      code: 201,
      warns: [
        'would violate PodSecurity "restricted:v1.7": runAsNonRoot != true (pod or container "c" must set ' +
        "securityContext.runAsNonRoot=true)",
      ],
    },
  ],
  "a template is never refused": [
    label({ enforce: "baseline" }),
    {
      send: "POST /apis/batch/v1/namespaces/$ns/jobs",
      body: {
        metadata: { name: "j" },
        spec: {
          template: {
            spec: {
              hostNetwork: true,
              restartPolicy: "Never",
              containers: [{ name: "c", image: "i" }],
            },
          },
        },
      },
      ...CREATED,
    },
  ],
  "labels that cannot be read": [
    {
      send: "PATCH /api/v1/namespaces/$ns",
      type: "merge",
      body: {
        metadata: { labels: { [`${LABEL}enforce`]: "strict", [`${LABEL}warn-version`]: "1" } },
      },
      code: 422,
      reason: "Invalid",
      message:
        'Namespace "$ns" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: ' +
        'Invalid value: "strict": must be one of privileged, baseline, restricted, ' +
        'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1": must be "latest" or "v1.x"]',
    },
  ],
  "pods that already run": [
    { send: "POST pods", body: pod("a", { hostPID: true }), code: 201 },
    { send: "POST pods", body: pod("b", { hostPID: true }), code: 201 },
    { send: "POST pods", body: pod("c"), code: 201 },
    label({ enforce: "baseline" }, [
      'existing pods in namespace "$ns" violate the new PodSecurity enforce level "baseline:latest"',
      "a (and 1 other pod): host namespaces",
    ]),
    {
      send: "PATCH pods/a",
      type: "merge",
      body: { metadata: { labels: { x: "y" } } },
      code: 200,
      warns: [],
    },
    {
      send: "PATCH pods/a",
      type: "strategic",
      body: { spec: { containers: [{ name: "c", image: "other" }] } },
      code: 403,
      message:
        'pods "a" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    },
    label({ enforce: "privileged" }, []),
  ],
};

testCases("pod security", POD_SECURITY);
