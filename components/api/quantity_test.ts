import assert from "node:assert/strict";
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  QuantityError,
  quantityMilli,
  quantityOfMilli,
  quantityValue,
  roundUpToMilli,
  subtractQuantity,
} from "./quantity.ts";

Deno.test("canonicalQuantity() writes what Kubernetes writes", () => {
  const cases: [string, string][] = [
    ["0", "0"],
    ["0Gi", "0"],
    ["100m", "100m"],
    ["0.5", "500m"],
    [".5", "500m"],
    ["1.", "1"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["1024Mi", "1Gi"],
    ["1000Mi", "1000Mi"],
    ["1.5Gi", "1536Mi"],
    ["0.5Ki", "512"],
    ["1000Ki", "1000Ki"],
    ["512", "512"],
    ["1000", "1k"],
    ["1024", "1024"],
    ["12345", "12345"],
    ["1e3", "1e3"],
    ["12e6", "12e6"],
    ["1E3", "1e3"],
    ["1E", "1E"],
    ["100E", "9223372036854775807"],
    ["1e999999999", "9223372036854775807"],
    ["1e-999999999", "1e-9"],
    ["0.0000000001", "1n"],
    ["1n", "1n"],
    ["1500u", "1500u"],
    ["+5", "5"],
    ["-5", "-5"],
    ["-0.5Mi", "-512Ki"],
    ["0.1Mi", "104857600m"],
    ["001k", "1k"],
    ["10k", "10k"],
    ["10000k", "10M"],
    ["Gi", "0"],
    [".", "0"],
    ["-", "0"],
  ];
  for (const [text, expected] of cases) assert.equal(canonicalQuantity(text), expected, text);
});

Deno.test("parseQuantity() refuses what is no quantity", () => {
  const format = /quantities must match the regular expression/;
  const cases: [string, RegExp][] = [
    ["", format],
    ["abc", format],
    ["1 Gi", format],
    ["..", format],
    ["1e3k", format],
    ["k1", /suffix/],
    ["--", /suffix/],
    ["1ki", /suffix/],
    ["1Kii", /suffix/],
    ["1mm", /suffix/],
    ["1.2.3", format],
    ["1e", /suffix/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseQuantity(text), (error: unknown) => {
      assert.ok(error instanceof QuantityError);
      assert.match(error.message, message, text);
      return true;
    });
  }
});

Deno.test("quantityValue() and quantityMilli() round up", () => {
  const cases: [string, number, number][] = [
    ["100m", 1, 100],
    ["1", 1, 1000],
    ["1.5", 2, 1500],
    ["1Gi", 2 ** 30, 2 ** 30 * 1000],
    ["1k", 1000, 1e6],
    ["-1500m", -1, -1500],
    ["1u", 1, 1],
    ["2000000n", 1, 2],
  ];
  for (const [text, value, milli] of cases) {
    assert.equal(quantityValue(text), value, text);
    assert.equal(quantityMilli(text), milli, text);
  }
});

Deno.test("arithmetic keeps the first operand's format", () => {
  const [gi, k] = [parseQuantity("1Gi"), parseQuantity("1k")];
  assert.equal(formatQuantity(addQuantity(gi, gi)), "2Gi");
  assert.equal(formatQuantity(addQuantity(parseQuantity("0"), gi)), "1Gi");
  assert.equal(formatQuantity(subtractQuantity(k, parseQuantity("1"))), "999");
  assert.equal(compareQuantity(gi, k), 1);
  assert.equal(compareQuantity(k, parseQuantity("1000")), 0);
  assert.equal(formatQuantity(roundUpToMilli(parseQuantity("1u"))), "1m");
  assert.equal(formatQuantity(quantityOfMilli(250)), "250m");
});
