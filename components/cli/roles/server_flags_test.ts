import assert from "node:assert/strict";
import { parseFlags, UsageError } from "../flags.ts";
import { runningOptions, SERVER_FLAGS, serverArguments } from "./server_flags.ts";

const parse = (...argv: string[]) => parseFlags(SERVER_FLAGS, argv);

Deno.test("runningOptions reads kube-apiserver's flags", () => {
  const told: string[] = [];
  const flags = parse(
    "--request-timeout=90s",
    "--max-requests-inflight=7",
    "--enable-priority-and-fairness=false",
    "--feature-gates=GangScheduling=true,APIServerTracing=true",
  );
  const options = runningOptions(flags, (line) => told.push(line));
  assert.equal(options.requestTimeoutMilliseconds, 90_000);
  assert.deepEqual(options.flowControl, { priorityAndFairness: false, readOnlyMaximum: 7 });
  assert.equal(options.gates?.enabled("GangScheduling"), true);
  assert.equal(options.flags?.["request-timeout"], "90s");
  assert.equal(options.flags?.["min-request-timeout"], "1800");
  assert.equal(told.length, 2, told.join());
  assert.deepEqual(serverArguments(flags), [
    "--request-timeout=90s",
    "--max-requests-inflight=7",
    "--enable-priority-and-fairness=false",
    "--feature-gates=GangScheduling=true,APIServerTracing=true",
  ]);
  assert.deepEqual(runningOptions(parse(), () => {}).flowControl, { priorityAndFairness: true });
});

Deno.test("runningOptions says what is wrong with a flag", () => {
  const cases: [string, string][] = [
    [
      "--feature-gates=Nonsense=true",
      'invalid argument "Nonsense=true" for "--feature-gates" flag: unrecognized feature gate: Nonsense',
    ],
    [
      "--request-timeout=5",
      'invalid argument "5" for "--request-timeout" flag: time: missing unit in duration "5"',
    ],
    [
      "--shutdown-delay-duration=-1s",
      'invalid argument "-1s" for "--shutdown-delay-duration" flag: must not be negative',
    ],
    [
      "--max-requests-inflight=0",
      'invalid argument "0" for "--max-requests-inflight" flag: must be greater than 0',
    ],
  ];
  for (const [flag, message] of cases) {
    assert.throws(
      () => runningOptions(parse(flag), () => {}),
      (error) => error instanceof UsageError && error.message === message,
      flag,
    );
  }
});
