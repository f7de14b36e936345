import assert from "node:assert/strict";
import { parseDuration } from "./duration.ts";
import { FeatureGates } from "./feature_gates.ts";
import { MetricRegistry } from "./metrics.ts";
import { registerProcessMetrics } from "./process_metrics.ts";

Deno.test("parseDuration reads what Go writes", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["5s", 5000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["100ms", 100],
    ["-1m", -60_000],
    ["+2s", 2000],
    ["1h15m30.5s", 4_530_500],
    ["1500us", 1.5],
  ];
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
  const wrong: [string, string][] = [
    ["", 'time: invalid duration ""'],
    ["abc", 'time: invalid duration "abc"'],
    ["5", 'time: missing unit in duration "5"'],
    ["5x", 'time: unknown unit "x" in duration "5x"'],
    ["1s5", 'time: missing unit in duration "1s5"'],
    ["-", 'time: invalid duration "-"'],
    ["99999999999h", 'time: invalid duration "99999999999h"'],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => parseDuration(text), (error: Error) => error.message === message, text);
  }
});

Deno.test("MetricRegistry writes series, collects before, and takes counts back", () => {
  const registry = new MetricRegistry();
  const counter = registry.counter("a_total", "A.", ["x"]);
  const gauge = registry.gauge("b", "B.");
  const histogram = registry.histogram("c", "C.", [1, 2], ["x"]);
  registry.onCollect(() => gauge.set(7));
  const series = counter.series('1"');
  series.value += 2;
  counter.add(1, '1"');
  histogram.series("y").observe(1);
  histogram.observe(5, "y");
  assert.equal(
    registry.text(),
    [
      "# HELP a_total A.",
      "# TYPE a_total counter",
      'a_total{x="1\\""} 3',
      "# HELP b B.",
      "# TYPE b gauge",
      "b 7",
      "# HELP c C.",
      "# TYPE c histogram",
      'c_bucket{x="y",le="1"} 1',
      'c_bucket{x="y",le="2"} 1',
      'c_bucket{x="y",le="+Inf"} 2',
      'c_sum{x="y"} 6',
      'c_count{x="y"} 2',
      "",
    ].join("\n"),
  );
  registry.reset();
  series.value++;
  assert.equal(counter.value('1"'), 1);
  assert.equal(gauge.value(), 7);
});

Deno.test("process metrics tell of this process", () => {
  const registry = new MetricRegistry();
  registerProcessMetrics(registry);
  const value = (name: string) =>
    Number(new RegExp(`^process_${name} (.+)$`, "m").exec(registry.text())?.[1]);
  assert.ok(value("resident_memory_bytes") > 1e6);
  if (Deno.build.os !== "linux") return;
  assert.ok(value("cpu_seconds_total") > 0);
  assert.ok(value("open_fds") > 2 && value("max_fds") > value("open_fds"));
  assert.ok(value("start_time_seconds") > 1.6e9);
});

Deno.test("FeatureGates reads a command line's gates", () => {
  assert.equal(FeatureGates.DEFAULT.enabled("WatchList"), true);
  const gates = FeatureGates.parse(
    "AllAlpha=true, MutableCSINodeAllocatableCount=true,GangScheduling=f",
  );
  assert.equal(gates.enabled("GangScheduling"), false);
  assert.equal(gates.enabled("GenericWorkload"), true);
  assert.equal(gates.enabled("NoSuchThing"), false);
  const wrong: [string, string][] = [
    ["X=true", "unrecognized feature gate: X"],
    ["GangScheduling", "missing bool value for GangScheduling"],
    [
      "GangScheduling=yes",
      'invalid value of GangScheduling=yes, err: strconv.ParseBool: parsing "yes": invalid syntax',
    ],
    [
      "APIServerTracing=false",
      "cannot set feature gate APIServerTracing to false, feature is locked to true",
    ],
  ];
  for (const [text, message] of wrong) {
    assert.throws(
      () => FeatureGates.parse(text),
      (error: Error) => error.message === message,
      text,
    );
  }
  assert.deepEqual(FeatureGates.parse("APIServerTracing=true").warnings, [
    "Setting GA feature gate APIServerTracing=true. It will be removed in a future release.",
  ]);
  const registry = new MetricRegistry();
  gates.register(registry);
  const text = registry.text();
  assert.ok(text.includes('kubernetes_feature_enabled{name="APIServerTracing",stage=""} 1\n'));
  assert.ok(text.includes('kubernetes_feature_enabled{name="GangScheduling",stage="ALPHA"} 0\n'));
});
