import assert from "node:assert/strict";
import { created, type Json, statusUpdated, updated } from "../validation_suite.ts";

const CLASS = "resource.k8s.io/v1 DeviceClass";
const CLAIM = "resource.k8s.io/v1 ResourceClaim";
const TEMPLATE = "resource.k8s.io/v1 ResourceClaimTemplate";
const SLICE = "resource.k8s.io/v1 ResourceSlice";

const request = (exactly: Json = {}, more: Json = {}): Json => ({
  name: "gpu",
  exactly: { deviceClassName: "gpu.example.com", ...exactly },
  ...more,
});
const claim = (devices: Json): Json => ({
  spec: { devices: { requests: [request()], ...devices } },
});
const selector = (expression: string): Json => ({ cel: { expression } });
const slice = (spec: Json = {}): Json => ({
  spec: {
    driver: "gpu.example.com",
    nodeName: "n1",
    pool: { name: "n1", resourceSliceCount: 1, generation: 1 },
    ...spec,
  },
});
const device = (more: Json): Json => slice({ devices: [{ name: "d", ...more }] });
const shared = (requestPolicy: Json): Json =>
  device({ allowMultipleAllocations: true, capacity: { memory: { value: "10", requestPolicy } } });
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must " +
  "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const IDENTIFIER =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters " +
  "or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
const EITHER = "exactly one of `exactly` or `firstAvailable` is required";
const REFERENCE =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const PLACE =
  "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const DEVICE_PLACE =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in " +
  "the ResourceSlice spec";
const REQUEST = "spec.devices.requests[0]";
const DEVICE = "spec.devices[0]";
const POLICY = `${DEVICE}.capacity[memory].requestPolicy`;

const BAD: readonly (readonly [string, Json, readonly string[]])[] = [
  [CLASS, { spec: { extendedResourceName: "gpu" } }, [
    'spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name',
  ]],
  [CLASS, { spec: { selectors: [{}] } }, ["spec.selectors[0].cel: Required value"]],
  [CLASS, { spec: { selectors: Array(33).fill(selector("true")) } }, [
    "spec.selectors: Too many: 33: must have at most 32 items",
  ]],
  [CLASS, { spec: { selectors: [selector("'a'.size()")] } }, [
    "spec.selectors[0].cel.expression: Invalid value: \"'a'.size()\": must evaluate to bool or the unknown type, not " +
    "int",
  ]],
  [CLASS, { spec: { selectors: [selector(`true || ${" ".repeat(10 * 1024)}true`)] } }, [
    "spec.selectors[0].cel.expression: Too long: may not be more than 10240 bytes",
  ]],
  [CLASS, { spec: { config: [{}] } }, ["spec.config[0].opaque: Required value"]],
  [CLASS, { spec: { config: [{ opaque: { driver: "", parameters: "x" } }] } }, [
    "spec.config[0].opaque.driver: Required value",
    'spec.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
  ]],
  [
    CLASS,
    { spec: { config: [{ opaque: { driver: "d", parameters: { a: "x".repeat(10240) } } }] } },
    [
      "spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes",
    ],
  ],
  [CLAIM, claim({ requests: [{ name: "a" }] }), [`${REQUEST}: Required value: ${EITHER}`]],
  [
    CLAIM,
    claim({
      requests: [request({}, { firstAvailable: [{ name: "x", deviceClassName: "c" }] })],
    }),
    [`${REQUEST}: Invalid value: null: ${EITHER}, but multiple fields are set`],
  ],
  [CLAIM, claim({ requests: [request(), request()] }), [
    'spec.devices.requests[1]: Duplicate value: "gpu"',
  ]],
  [CLAIM, claim({ requests: [request({}, { name: "A" })] }), [
    `${REQUEST}.name: Invalid value: "A": ${LABEL}`,
  ]],
  [CLAIM, claim({ requests: [request({ deviceClassName: "" })] }), [
    `${REQUEST}.exactly.deviceClassName: Required value`,
  ]],
  [CLAIM, claim({ requests: [request({ allocationMode: "All", count: 2 })] }), [
    `${REQUEST}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
  ]],
  [CLAIM, claim({ requests: [request({ count: -1 })] }), [
    `${REQUEST}.exactly.count: Invalid value: -1: must be greater than zero`,
  ]],
  [CLAIM, claim({ requests: [request({ allocationMode: "Some" })] }), [
    `${REQUEST}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
  ]],
  [
    CLAIM,
    claim({
      requests: [
        request({
          tolerations: [
            { operator: "Exists", value: "v" },
            { operator: "Is", effect: "Go" },
            { key: "a b", value: "v!" },
          ],
        }),
      ],
    }),
    [
      `${REQUEST}.exactly.tolerations[0].value: Invalid value: "v": must be empty for operator \`Exists\``,
      `${REQUEST}.exactly.tolerations[1].operator: Unsupported value: "Is": supported values: "Equal", "Exists"`,
      `${REQUEST}.exactly.tolerations[1].effect: Unsupported value: "Go": supported values: "NoExecute", "NoSchedule", ` +
      '"None"',
      `${REQUEST}.exactly.tolerations[2].key: Invalid value: "a b": name part must consist of alphanumeric characters, ` +
      "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or " +
      "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      `${REQUEST}.exactly.tolerations[2].value: Invalid value: "v!": a valid label must be an empty string or consist of ` +
      "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. " +
      "'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
  [
    CLAIM,
    claim({
      requests: [{ name: "a", firstAvailable: Array(9).fill({ name: "x", deviceClassName: "c" }) }],
    }),
    [`${REQUEST}.firstAvailable: Too many: 9: must have at most 8 items`],
  ],
  [CLAIM, claim({ constraints: [{}] }), [
    'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, ' +
    "but multiple fields are set",
  ]],
  [CLAIM, claim({ constraints: [{ requests: ["gpu", "b", "gpu"], matchAttribute: "model" }] }), [
    `spec.devices.constraints[0].requests[1]: Invalid value: "b": ${REFERENCE}`,
    'spec.devices.constraints[0].requests[2]: Duplicate value: "gpu"',
    'spec.devices.constraints[0].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a ' +
    "name separated by a slash",
  ]],
  [CLAIM, claim({ config: [{ requests: ["gpu/a/b"], opaque: { driver: "d", parameters: {} } }] }), [
    `spec.devices.config[0].requests[0]: Invalid value: "gpu/a/b": ${REFERENCE}`,
  ]],
  [TEMPLATE, {
    spec: {
      metadata: { labels: { "a b": "c" } },
      spec: { devices: { requests: [{ name: "a" }] } },
    },
  }, [
    'spec.metadata.labels: Invalid value: "a b": name part must consist of alphanumeric characters, ' +
    "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or " +
    "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    `spec.spec.devices.requests[0]: Required value: ${EITHER}`,
  ]],
  [SLICE, slice({ nodeName: undefined }), [`spec: Required value: ${PLACE}`]],
  [SLICE, slice({ allNodes: true }), [
    `spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${PLACE}, but multiple fields are set`,
  ]],
  [SLICE, slice({ allNodes: false }), [
    "spec.allNodes: Invalid value: false: must be either unset or set to true",
  ]],
  [SLICE, slice({ driver: "", pool: { name: "a/B", resourceSliceCount: 0, generation: -1 } }), [
    "spec.driver: Required value",
    `spec.pool.name: Invalid value: "B": ${SUBDOMAIN}`,
    "spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero",
    "spec.pool.generation: Invalid value: -1: must be greater than or equal to zero",
  ]],
  [
    SLICE,
    slice({
      nodeName: undefined,
      nodeSelector: {
        nodeSelectorTerms: Array(2).fill({ matchExpressions: [{ key: "a", operator: "Exists" }] }),
      },
    }),
    [
      'spec.nodeSelector.nodeSelectorTerms: Invalid value: [{"matchExpressions":[{"key":"a","operator":"Exists"}]},' +
      '{"matchExpressions":[{"key":"a","operator":"Exists"}]}]: must have exactly one node selector term',
    ],
  ],
  [SLICE, slice({ devices: Array.from({ length: 129 }, (_, i) => ({ name: `d${i}` })) }), [
    "spec.devices: Too many: 129: must have at most 128 items",
  ]],
  [
    SLICE,
    slice({
      devices: Array.from({ length: 65 }, (_, i) => ({
        name: `d${i}`,
        taints: [{ key: "a", effect: "NoSchedule" }],
      })),
    }),
    ["spec.devices: Too many: 65: must have at most 64 items"],
  ],
  [SLICE, slice({ devices: [{ name: "d" }, { name: "d" }] }), [
    'spec.devices[1]: Duplicate value: "d"',
  ]],
  [
    SLICE,
    slice({
      devices: [{ name: "d" }],
      sharedCounters: [{ name: "s", counters: { a: { value: "1" } } }],
    }),
    [
      'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
    ],
  ],
  [
    SLICE,
    slice({ sharedCounters: [{ name: "" }, { name: "s", counters: { A: { value: "1" } } }] }),
    [
      "spec.sharedCounters[0].name: Required value",
      "spec.sharedCounters[0].counters: Required value",
      `spec.sharedCounters[1].counters: Invalid value: "A": ${LABEL}`,
    ],
  ],
  [
    SLICE,
    device({
      attributes: {
        "no name": { int: 1 },
        "a/b/c": { int: 1 },
        "/x": { bool: true },
        "d.com/": { bool: true },
        none: {},
        two: { bool: true, int: 1 },
        text: { string: "x".repeat(65) },
        version: { version: "1.2" },
      },
    }),
    [
      `${DEVICE}.attributes: Invalid value: "no name": ${IDENTIFIER}`,
      `${DEVICE}.attributes: Invalid value: "a/b/c": must not contain more than one slash`,
      `${DEVICE}.attributes: Invalid value: "": the domain must not be empty`,
      `${DEVICE}.attributes: Invalid value: "": the name must not be empty`,
      `${DEVICE}.attributes[none]: Invalid value: "": exactly one value must be specified`,
      `${DEVICE}.attributes[two]: Invalid value: {"bool":true,"int":1}: exactly one value must be specified`,
      `${DEVICE}.attributes[text].string: Too long: may not be more than 64 bytes`,
      `${DEVICE}.attributes[version].version: Invalid value: "1.2": must be a string compatible with semver.org spec ` +
      "2.0.0",
    ],
  ],
  [
    SLICE,
    device({
      attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, { int: i }])),
    }),
    [`${DEVICE}: Invalid value: 33: the total number of attributes and capacities must not exceed 32`],
  ],
  [SLICE, device({ nodeName: "n" }), [
    `${DEVICE}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if ` +
    "`perDeviceNodeSelection` is set to true in the ResourceSlice spec",
  ]],
  [
    SLICE,
    slice({
      nodeName: undefined,
      perDeviceNodeSelection: true,
      devices: [{ name: "a" }, { name: "b", nodeName: "n", allNodes: true }],
    }),
    [
      `${DEVICE}: Required value: ${DEVICE_PLACE}`,
      `spec.devices[1]: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${DEVICE_PLACE}`,
    ],
  ],
  [SLICE, device({ taints: [{ key: "a" }, { key: "b", effect: "No" }] }), [
    `${DEVICE}.taints[0].effect: Required value`,
    `${DEVICE}.taints[1].effect: Unsupported value: "No": supported values: "NoExecute", "NoSchedule", "None"`,
  ]],
  [
    SLICE,
    device({
      consumesCounters: [{ counterSet: "s", counters: {} }, {
        counterSet: "s",
        counters: { a: { value: "1" } },
      }],
    }),
    [
      `${DEVICE}.consumesCounters[0].counters: Required value`,
      `${DEVICE}.consumesCounters[1]: Duplicate value: "s"`,
    ],
  ],
  [SLICE, device({ bindingConditions: ["ready"] }), [
    `${DEVICE}.bindingFailureConditions: Invalid value: []: bindingFailureConditions are required to use ` +
    "bindingConditions",
  ]],
  [SLICE, device({ bindingConditions: ["a", "a"], bindingFailureConditions: ["a"] }), [
    `${DEVICE}.bindingConditions[1]: Duplicate value: "a"`,
    `${DEVICE}.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with ` +
    "bindingConditions",
  ]],
  [SLICE, device({ capacity: { memory: { value: "1", requestPolicy: {} } } }), [
    `${POLICY}: Forbidden: allowMultipleAllocations must be true`,
  ]],
  [SLICE, shared({ validValues: ["1"], validRange: { min: "1" } }), [
    `${POLICY}: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the ` +
    "same time",
  ]],
  [SLICE, shared({ validValues: ["1"] }), [
    `${POLICY}.default: Required value: required when validValues is defined`,
  ]],
  [SLICE, shared({ default: "3", validValues: ["2", "1", "11"] }), [
    `${POLICY}.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
    `${POLICY}.validValues[2]: Invalid value: "11": option is larger than capacity value: 10`,
    `${POLICY}.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
  ]],
  [SLICE, shared({ default: "1", validRange: { min: "2", max: "12", step: "3" } }), [
    `${POLICY}.validRange.default: Invalid value: "1": default is less than min: 2`,
    `${POLICY}.validRange.max: Invalid value: "12": max is larger than capacity value: 10`,
    `${POLICY}.validRange.step: Invalid value: "1": value is not a multiple of a given step (3) from (2)`,
    `${POLICY}.validRange.step: Invalid value: "12": value is not a multiple of a given step (3) from (2)`,
  ]],
];
for (const [kind, object, problems] of BAD) {
  Deno.test(`a ${kind.split(" ")[1]} is refused: ${problems[0]}`, () => {
    assert.deepEqual(created(kind, object), problems);
  });
}

const GOOD: readonly (readonly [string, Json])[] = [
  [CLASS, { spec: {} }],
  [CLASS, {
    spec: {
      extendedResourceName: "example.com/gpu",
      selectors: [
        selector('device.driver == "gpu.example.com"'),
        selector(
          'device.attributes["gpu.example.com"].model == "a" && device.allowMultipleAllocations',
        ),
        selector('device.capacity["gpu.example.com"].memory.compareTo(quantity("10Gi")) >= 0'),
        selector(
          '"gpu.example.com" in device.attributes && device.attributes["gpu.example.com"].index < 4',
        ),
      ],
      config: [{ opaque: { driver: "d.example.com", parameters: { a: [1] } } }],
    },
  }],
  [
    CLAIM,
    claim({
      requests: [
        request({ tolerations: [{ key: "a", effect: "NoExecute" }] }),
        {
          name: "or",
          firstAvailable: [
            { name: "big", deviceClassName: "c" },
            { name: "all", deviceClassName: "c", allocationMode: "All" },
          ],
        },
      ],
      constraints: [
        { requests: ["gpu", "or/big"], matchAttribute: "d.com/numa" },
        { distinctAttribute: "d.com/numa" },
      ],
      config: [{ requests: ["or"], opaque: { driver: "d", parameters: {} } }],
    }),
  ],
  [TEMPLATE, { spec: { spec: claim({})["spec"] } }],
  [
    SLICE,
    device({
      attributes: { "d.com/model": { string: "a" }, version: { version: "1.2.3-rc.1+b" } },
      capacity: { memory: { value: "10Gi" } },
      bindingConditions: ["a"],
      bindingFailureConditions: ["b"],
      consumesCounters: [{ counterSet: "s", counters: { a: { value: "1" } } }],
    }),
  ],
  [SLICE, shared({ default: "2", validRange: { min: "2", max: "10", step: "4" } })],
  [SLICE, shared({ default: "2", validValues: ["1", "2"] })],
  [SLICE, slice({ sharedCounters: [{ name: "s", counters: { a: { value: "1" } } }] })],
];
for (const [kind, object] of GOOD) {
  Deno.test(`a good ${kind.split(" ")[1]} passes: ${JSON.stringify(object).slice(0, 80)}`, () => {
    assert.deepEqual(created(kind, object), []);
  });
}

type Change = (object: Json) => void;
const inSpec = (member: string, value: unknown): Change => (object) => {
  (object["spec"] as Json)[member] = value;
};

const UPDATES: readonly (readonly [string, Json, Change, RegExp | undefined])[] = [
  [CLAIM, claim({}), inSpec("devices", {}), /^spec: Invalid value: .*: field is immutable$/],
  [TEMPLATE, { spec: { spec: claim({})["spec"] } }, inSpec("spec", {}), /^spec: .*immutable$/],
  [
    SLICE,
    slice(),
    inSpec("nodeName", "n2"),
    /^spec\.nodeName: Invalid value: "n2": field is immutable$/,
  ],
  [SLICE, slice(), inSpec("driver", "x"), /^spec\.driver: Invalid value: "x": field is immutable$/],
  [
    SLICE,
    slice(),
    inSpec("pool", { name: "p2", resourceSliceCount: 1, generation: 2 }),
    /^spec\.pool\.name: Invalid value: "p2": field is immutable$/,
  ],
  [SLICE, slice(), inSpec("devices", [{ name: "d" }]), undefined],
  // What was accepted once is not looked at again.
  [
    CLASS,
    { spec: { selectors: [selector("nonsense(")] } },
    inSpec("extendedResourceName", "example.com/gpu"),
    undefined,
  ],
  [
    CLASS,
    { spec: { selectors: [selector("nonsense(")] } },
    inSpec("selectors", [selector("nonsense(("), selector("true")]),
    /^spec\.selectors\[0\]\.cel\.expression: Invalid value: "nonsense\(\(": compilation failed/,
  ],
];
for (const [kind, before, change, problem] of UPDATES) {
  Deno.test(`a ${kind.split(" ")[1]} changes: ${problem ?? "well"} ${JSON.stringify(before).length}`, () => {
    const found = updated(kind, before, change);
    if (problem === undefined) assert.deepEqual(found, []);
    else {
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", problem);
    }
  });
}

const RESULT = { request: "gpu", driver: "d.com", pool: "p", device: "d0" };
const allocated = (...results: Json[]): Json => ({ allocation: { devices: { results } } });
const consumer = { resource: "pods", name: "p", uid: "1" };
const STATUSES: readonly (readonly [string, Json, Json, readonly string[]])[] = [
  ["reserved before it is allocated", {}, { reservedFor: [consumer] }, [
    "status.reservedFor: Forbidden: may not be specified when `allocated` is not set",
  ]],
  [
    "a consumer without a name",
    {},
    { ...allocated(RESULT), reservedFor: [{ uid: "1" }, consumer] },
    [
      "status.reservedFor[0].resource: Required value",
      "status.reservedFor[0].name: Required value",
      'status.reservedFor[1]: Duplicate value: "1"',
    ],
  ],
  ["a result that nobody asked for", {}, allocated({ ...RESULT, request: "cpu", device: "" }), [
    `status.allocation.devices.results[0].request: Invalid value: "cpu": ${REFERENCE}`,
    `status.allocation.devices.results[0].device: Invalid value: "": ${LABEL}`,
  ]],
  ["another allocation", allocated(RESULT), allocated({ ...RESULT, device: "d1" }), [
    'status.allocation: Invalid value: {"devices":{"results":[{"request":"gpu","driver":"d.com","pool":"p","device":' +
    '"d1"}]}}: field is immutable',
  ]],
  [
    "the state of a device that is another's",
    allocated(RESULT),
    {
      ...allocated(RESULT),
      devices: [{
        driver: "d.com",
        pool: "p",
        device: "d9",
        data: [],
        networkData: { ips: ["10.0.0.1"] },
        conditions: [{ type: "Ready", status: "Maybe" }],
      }],
    },
    [
      'status.devices[0]: Invalid value: "d.com/p/d9": must be an allocated device in the claim',
      'status.devices[0].conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      "status.devices[0].conditions[0].lastTransitionTime: Required value: must be set",
      "status.devices[0].conditions[0].reason: Required value: must be set",
      'status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
      'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. ' +
      "10.9.8.7/24 or 2001:db8::1/64)",
    ],
  ],
  ["allocated and reserved", {}, { ...allocated(RESULT), reservedFor: [consumer] }, []],
  [
    "the state of its device",
    allocated(RESULT),
    {
      ...allocated(RESULT),
      devices: [{
        driver: "d.com",
        pool: "p",
        device: "d0",
        networkData: { ips: ["10.0.0.1/24"] },
      }],
    },
    [],
  ],
  // What is said of a device goes with its allocation.
  [
    "no longer allocated",
    { ...allocated(RESULT), devices: [{ driver: "d.com", pool: "p", device: "d0" }] },
    { devices: [{ driver: "d.com", pool: "p", device: "d0" }] },
    [],
  ],
];
for (const [name, before, after, problems] of STATUSES) {
  Deno.test(`the status of a claim: ${name}`, () => {
    const found = statusUpdated(CLAIM, claim({}), (next) => next["status"] = after, before);
    assert.deepEqual(found, problems);
  });
}

Deno.test("members of features that are off are not kept", () => {
  assert.deepEqual(created(SLICE, device({ attributes: { list: { ints: [1] } } })), [
    `${DEVICE}.attributes[list]: Invalid value: "": exactly one value must be specified`,
  ]);
});
