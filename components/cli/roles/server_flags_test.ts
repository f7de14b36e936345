import assert from "node:assert/strict";
import { parseFlags, UsageError } from "../flags.ts";
import { SERVER_FLAGS, serverArguments, serverChoice } from "./server_flags.ts";

const parse = (...argv: string[]) => parseFlags(SERVER_FLAGS, argv);

Deno.test("serverChoice reads kube-apiserver's flags", () => {
  const told: string[] = [];
  const flags = parse(
    "--request-timeout=90s",
    "--max-requests-inflight=7",
    "--enable-priority-and-fairness=false",
    "--feature-gates=GangScheduling=true,APIServerTracing=true",
  );
  const options = serverChoice(flags, (line) => told.push(line));
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
  assert.deepEqual(serverChoice(parse(), () => {}).flowControl, { priorityAndFairness: true });
});

Deno.test("serverChoice says what is wrong with a flag", () => {
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
      () => serverChoice(parse(flag), () => {}),
      (error) => error instanceof UsageError && error.message === message,
      flag,
    );
  }
});

Deno.test("serverChoice reads what shall be recorded", () => {
  assert.equal(serverChoice(parse(), () => {}).audit, undefined);
  const flags = parse(
    "--audit-policy-file=p.yaml",
    "--audit-log-path=a.log",
    "--audit-log-mode=batch",
    "--audit-log-maxsize=2",
    "--audit-webhook-config-file=w.yaml",
    "--audit-webhook-batch-max-wait=5s",
  );
  const { audit } = serverChoice(flags, () => {});
  assert.equal(audit?.policyFile, "p.yaml");
  assert.equal(audit?.log?.mode, "batch");
  assert.deepEqual(audit?.log?.rotation, {
    maximumBytes: 2 * 1024 * 1024,
    maximumBackups: 100,
    maximumAgeDays: 366,
  });
  assert.equal(audit?.webhook?.configFile, "w.yaml");
  assert.equal(audit?.webhook?.batch.waitMilliseconds, 5000);
  assert.throws(() => serverChoice(parse("--audit-log-path=x"), () => {}), {
    message: "--audit-log-path needs --audit-policy-file",
  });
});

Deno.test("serverChoice reads how the store is encrypted", () => {
  const flags = parse(
    "--encryption-provider-config=e.yaml",
    "--encryption-provider-config-automatic-reload",
  );
  assert.deepEqual(serverChoice(flags, () => {}).encryption, {
    configFile: "e.yaml",
    automaticReload: true,
  });
  assert.throws(
    () => serverChoice(parse("--encryption-provider-config-automatic-reload"), () => {}),
    UsageError,
  );
});
