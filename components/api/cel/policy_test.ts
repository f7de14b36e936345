import assert from "node:assert/strict";
import { schemaOf } from "../schema/mod.ts";
import {
  CEL_ADMISSION_REQUEST,
  CEL_AUTHORIZER,
  CEL_NAMESPACE,
  CEL_RESOURCE_CHECK,
  type CelAuthorizationCheck,
  type CelAuthorizer,
  celAuthorizer,
  CelFailure,
  celLazyObject,
  celMutationType,
  CelPending,
  type CelProgram,
  celResourceAuthorizer,
  type CelScope,
  celTypeOfBuiltin,
  CelTypes,
  compileCel,
} from "./mod.ts";

const { bool, dyn, int, list, object, string } = CelTypes;

function program(expression: string, scope: CelScope): CelProgram {
  const compiled = compileCel(expression, scope);
  assert.ok(compiled.ok, compiled.ok ? "" : compiled.message);
  return compiled.program;
}

const budget = () => ({ callLimit: 1_000_000, remaining: 10_000_000 });

Deno.test("a policy reads the object, the request and the namespace", () => {
  const scope: CelScope = {
    variables: {
      object: dyn,
      oldObject: dyn,
      request: CEL_ADMISSION_REQUEST,
      namespaceObject: CEL_NAMESPACE,
    },
  };
  const values = {
    object: { metadata: { labels: { app: "web" } }, spec: { replicas: 3 } },
    oldObject: null,
    request: { operation: "CREATE", name: "x", userInfo: { username: "alice", groups: ["g"] } },
    namespaceObject: {
      metadata: { name: "ns", creationTimestamp: "2024-01-01T00:00:00Z" },
    },
  };
  const cases: [string, unknown][] = [
    ["object.spec.replicas <= 5", true],
    ["oldObject == null", true],
    ["has(object.metadata.annotations)", false],
    ["request.userInfo.groups.exists(g, g == 'g') && request.operation == 'CREATE'", true],
    ["has(request.dryRun)", false],
    ["namespaceObject.metadata.creationTimestamp < timestamp('2025-01-01T00:00:00Z')", true],
    ["object.metadata.labels['app'] + '-' + namespaceObject.metadata.name", "web-ns"],
  ];
  for (const [expression, value] of cases) {
    assert.deepEqual(program(expression, scope).evaluate(values, budget()), value, expression);
  }
  const clusterWide = program("namespaceObject == null", scope);
  assert.equal(clusterWide.evaluate({ namespaceObject: null }, budget()), true);
  const wrong = compileCel("request.nope", scope);
  assert.match(wrong.ok ? "" : wrong.message, /undefined field 'nope'/);
});

Deno.test("a result of another type than is expected is an error of its own", () => {
  const variables = { x: int };
  const one = compileCel("x + 1", { variables, expects: [bool] });
  assert.deepEqual(one, {
    ok: false,
    reason: "result",
    message: "must evaluate to bool",
    errors: ["must evaluate to bool"],
  });
  const two = compileCel("x", { variables, expects: [string, list(string)] });
  assert.equal(two.ok ? "" : two.message, "must evaluate to one of [string list(string)]");
  assert.ok(compileCel("x > 1", { variables, expects: [bool] }).ok);
});

Deno.test("built-in kinds have types to check expressions by", () => {
  const variables = { object: celTypeOfBuiltin(schemaOf("core.v1.Pod")) };
  for (
    const expression of [
      "object.spec.containers.all(c, c.image.startsWith('r/') && has(c.resources.limits))",
      "object.metadata.creationTimestamp < timestamp('2024-01-01T00:00:00Z')",
      "object.spec.containers[0].ports.exists(p, p.containerPort > 1024)",
      "object.metadata.labels['a'] == 'b'",
    ]
  ) {
    const compiled = compileCel(expression, { variables });
    assert.ok(compiled.ok, compiled.ok ? "" : compiled.message);
  }
  const cases: [string, string][] = [
    ["object.spec.replicas > 1", "undefined field 'replicas'"],
    ["object.spec.nodeName > 1", "found no matching overload for '_>_' applied to '(string, int)'"],
    [
      "object.spec.containers.foo",
      "type 'list(core.v1.Container)' does not support field selection",
    ],
  ];
  for (const [expression, error] of cases) {
    const compiled = compileCel(expression, { variables });
    assert.ok(!compiled.ok && compiled.message.includes(error), expression);
  }
});

Deno.test("variables that are expressions are evaluated once, when they are read, on the same budget", () => {
  const first = program("l.map(i, i + 1)", { variables: { l: list(int) } });
  const type = object("variables", { first: first.type, never: int, broken: int });
  const last = program("variables.first.size() + variables.first[0]", {
    variables: { variables: type },
  });
  let evaluated = 0;
  const shared = budget();
  const variables = celLazyObject(type, ["first", "never", "broken"], (name) => {
    assert.equal(name, "first");
    evaluated++;
    return first.evaluateValue({ l: [1, 2, 3] }, shared);
  });
  assert.equal(last.evaluate({ variables }, shared), 5);
  assert.equal(evaluated, 1);
  assert.ok(10_000_000 - shared.remaining > 40, "the variable's cost is counted too");
  const broken = program("variables.broken > 0 || true", { variables: { variables: type } });
  const failing = celLazyObject(type, ["broken"], () => new CelFailure("no such key: x"));
  assert.equal(broken.evaluate({ variables: failing }, budget()), true);
  // A getter serves for what only some expressions read.
  const values = {
    get x(): unknown {
      throw new Error("it is not read");
    },
    y: 2,
  };
  const other = program("y > 1 || x > 1", { variables: { x: int, y: int } });
  assert.equal(other.evaluate(values, budget()), true);
});

Deno.test("budgets end an evaluation, and all that come after", () => {
  const heavy = program("l.all(a, l.all(b, a + b >= 0))", { variables: { l: list(int) } });
  const l = Array.from({ length: 200 }, (_, i) => i);
  const failed = (budget: { callLimit: number; remaining: number }): string | undefined => {
    const value = heavy.evaluate({ l }, budget);
    return value instanceof CelFailure ? value.kind : undefined;
  };
  const cost = budget();
  assert.equal(failed(cost), undefined);
  const spent = 10_000_000 - cost.remaining;
  assert.equal(failed({ callLimit: spent, remaining: spent }), undefined);
  assert.equal(failed({ callLimit: spent - 1, remaining: 10_000_000 }), "cost");
  assert.equal(failed({ callLimit: 1_000_000, remaining: spent - 1 }), "budget");
  const shared = { callLimit: 1_000_000, remaining: spent + 10 };
  assert.equal(failed(shared), undefined);
  assert.equal(failed(shared), "budget");
  assert.ok(shared.remaining < 0);
  assert.equal(failed(shared), "budget");
  const absorbed = program("l.all(a, l.all(b, a + b >= 0)) || true", {
    variables: { l: list(int) },
  });
  const value = absorbed.evaluate({ l }, { callLimit: 100, remaining: 1000 });
  assert.equal(
    value instanceof CelFailure && value.message,
    "operation cancelled: actual cost limit exceeded",
  );
});

const checks: CelScope = {
  variables: { authorizer: CEL_AUTHORIZER, "authorizer.requestResource": CEL_RESOURCE_CHECK },
};

/** Allows what its text is in the list; everything is asked for with a reason. */
function allowing(...allowed: readonly string[]): { authorizer: CelAuthorizer; asked: string[] } {
  const asked: string[] = [];
  const authorizer: CelAuthorizer = {
    decide: (check) => {
      const text = shown(check);
      asked.push(text);
      return { allowed: allowed.includes(text), reason: `asked ${text}`, error: "" };
    },
  };
  return { authorizer, asked };
}

function shown({ serviceAccount, verb, target }: CelAuthorizationCheck): string {
  const who = serviceAccount === undefined
    ? ""
    : `${serviceAccount.namespace}:${serviceAccount.name} `;
  if ("path" in target) return `${who}${verb} ${target.path}`;
  const { group, resource, subresource, namespace, name, fieldSelector, labelSelector } = target;
  return `${who}${verb} ${
    [group, resource, subresource, namespace, name, fieldSelector, labelSelector].join("/")
  }`;
}

Deno.test("the authorizer is asked what the expression says", () => {
  const cases: [string, string, unknown][] = [
    ["authorizer.path('/healthz').check('get').allowed()", "get /healthz", true],
    [
      "authorizer.group('apps').resource('deployments').namespace('n').name('x').check('create').allowed()",
      "create apps/deployments//n/x//",
      true,
    ],
    [
      "authorizer.group('').resource('pods').subresource('log').labelSelector('a=b').fieldSelector('c=d').check('get').allowed()",
      "get /pods/log///c=d/a=b",
      true,
    ],
    [
      "authorizer.serviceAccount('ns', 'sa').path('/x').check('get').reason()",
      "ns:sa get /x",
      "asked ns:sa get /x",
    ],
    ["authorizer.requestResource.check('custom').allowed()", "custom g/widgets//n/w//", true],
    [
      "authorizer.requestResource.namespace('other').check('v').allowed()",
      "v g/widgets//other/w//",
      true,
    ],
    ["authorizer.path('/x').check('get').errored()", "get /x", false],
    ["authorizer.path('/x').check('get').error()", "get /x", ""],
  ];
  for (const [expression, text, expected] of cases) {
    const { authorizer, asked } = allowing(text);
    const values = {
      authorizer: celAuthorizer(authorizer),
      "authorizer.requestResource": celResourceAuthorizer(authorizer, {
        group: "g",
        resource: "widgets",
        subresource: "",
        namespace: "n",
        name: "w",
      }),
    };
    assert.deepEqual(program(expression, checks).evaluate(values, budget()), expected, expression);
    assert.deepEqual(asked, [text]);
  }
});

Deno.test("checks that cannot be are failures, and too many cost too much", () => {
  const cases: [string, string][] = [
    ["authorizer.path('  ').check('get').allowed()", "path must not be empty"],
    ["authorizer.group('').resource('').check('get').allowed()", "resource must not be empty"],
    [
      "authorizer.serviceAccount('n', 'a b').path('/').check('get').allowed()",
      "Invalid service account name",
    ],
    [
      "authorizer.serviceAccount('n.m', 'a').path('/').check('get').allowed()",
      "Invalid service account namespace",
    ],
    [
      "[1, 2, 3].all(i, authorizer.path('/').check('get').allowed())",
      "operation cancelled: actual cost limit exceeded",
    ],
  ];
  for (const [expression, message] of cases) {
    const values = { authorizer: celAuthorizer(allowing("get /").authorizer) };
    const value = program(expression, checks).evaluate(values, budget());
    assert.equal(value instanceof CelFailure && value.message, message, expression);
  }
});

Deno.test("an authorizer that must ask first ends the evaluation, which is repeated with the answer", () => {
  const answers = new Map<string, boolean>();
  const authorizer: CelAuthorizer = {
    decide: (check) => {
      const allowed = answers.get(shown(check));
      return allowed === undefined ? undefined : { allowed, reason: "", error: "" };
    },
  };
  const values = { authorizer: celAuthorizer(authorizer) };
  // Nothing may go on without the answer, not even what is true whatever it says.
  const expression =
    "authorizer.path('/a').check('get').allowed() || authorizer.path('/b').check('get').allowed()";
  const compiled = program(expression, checks);
  const spent = budget();
  const asked: string[] = [];
  for (;;) {
    const value = compiled.evaluate(values, spent);
    if (!(value instanceof CelPending)) {
      assert.equal(value, true);
      break;
    }
    assert.equal(spent.remaining, 10_000_000);
    asked.push(shown(value.check));
    answers.set(shown(value.check), shown(value.check) === "get /b");
  }
  assert.deepEqual(asked, ["get /a", "get /b"]);
});

Deno.test("mutations make objects and patches", () => {
  const scope: CelScope = { variables: { object: dyn }, objectType: celMutationType };
  const values = { object: { metadata: { name: "n", labels: { a: "b" } }, spec: { replicas: 2 } } };
  const cases: [string, unknown][] = [
    [
      "Object{metadata: Object.metadata{labels: {'x': 'y'}}, spec: Object.spec{replicas: object.spec.replicas + 1}}",
      { metadata: { labels: { x: "y" } }, spec: { replicas: 3 } },
    ],
    ["Object{spec: Object.spec{?replicas: object.?nope}}", { spec: {} }],
    [
      "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b~c'), value: {'k': [1, 2]}}]",
      [{ op: "add", path: "/metadata/labels/a~1b~0c", value: { k: [1, 2] } }],
    ],
    [
      "[JSONPatch{op: 'test', path: '/x', value: object.metadata.labels}]",
      [{ op: "test", path: "/x", value: { a: "b" } }],
    ],
    ["Object{}.?spec.hasValue()", false],
    ["has(Object{a: 1}.a)", true],
    ["Object{a: 1} == Object{a: 1}", true],
  ];
  for (const [expression, expected] of cases) {
    assert.deepEqual(program(expression, scope).evaluate(values, budget()), expected, expression);
  }
  const wrong: [string, RegExp][] = [
    ["JSONPatch{op: 1}", /expected type of field 'op' is 'string' but provided type is 'int'/],
    ["Other{a: 1}", /undeclared reference to 'Other' \(in container ''\)/],
    ["object{a: 1}", /'dyn' is not a type/],
  ];
  for (const [expression, error] of wrong) {
    const compiled = compileCel(expression, scope);
    assert.match(compiled.ok ? "" : compiled.message, error, expression);
  }
});
