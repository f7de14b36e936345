import assert from "node:assert/strict";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../components/base/mod.ts";
import type { ApiServerOptions } from "../../../components/apiserver/mod.ts";
import type { Dial } from "../../../components/serving/mod.ts";
import { ParityServer } from "./parity_server.ts";

/** One request and what Kubernetes answers to it. `$x` anywhere stands for what an earlier step kept as `x`. */
export interface Step {
  /** `VERB path`; a path without a leading slash lies in the case's own namespace of the core group. */
  readonly send: string;
  readonly body?: JsonValue;
  /** Content type; JSON where not given. */
  readonly type?: string;
  readonly accept?: string;
  readonly agent?: string;
  /** Somebody who may do no more than everybody; an administrator where not given. */
  readonly user?: string;
  /** Seconds that pass before. */
  readonly later?: number;
  /** True where the server itself makes it so, soon: it is sent until it is answered like this. */
  readonly eventually?: boolean;
  /** True where the answer takes time. */
  readonly slow?: boolean;
  readonly code: number;
  readonly reason?: string;
  readonly message?: string;
  /** Members that the answer must have, however deep; lists must be as long as here. */
  readonly has?: JsonObject;
  /** Paths that the answer must not have. */
  readonly lacks?: readonly string[];
  /** The `Warning` headers. */
  readonly warns?: readonly string[];
  /** Headers that the answer must have; an empty text stands for any value. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The first lines of a watch, each as `has`. */
  readonly lines?: readonly JsonObject[];
  /** Names for values of the answer, by their paths. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** Steps in a namespace of their own, `$ns`. */
export type Cases = Readonly<Record<string, readonly Step[]>>;

const ALONE: Surroundings = { names: {}, [Symbol.asyncDispose]: () => Promise.resolve() };
const TRIES_MAXIMUM = 1000;
const PATCH_TYPES: Readonly<Record<string, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
};

/** A world beside the server, and what cases call its parts by. */
export interface Surroundings extends AsyncDisposable {
  readonly names: Readonly<Record<string, string>>;
  /** How the server reaches it. */
  readonly dial?: Dial;
  /** How the server differs from the usual one. */
  readonly more?: Partial<ApiServerOptions>;
}

/** Runs cases one after the other against one server. */
export function testCases(
  topic: string,
  cases: Cases,
  open: () => Promise<Surroundings> = () => Promise.resolve(ALONE),
): void {
  Deno.test(`parity: ${topic}`, async (test) => {
    await using around = await open();
    await using server = await ParityServer.open({}, {
      dial: around.dial,
      more: around.more ?? {},
    });
    let number = 0;
    for (const [name, steps] of Object.entries(cases)) {
      await test.step(name, async () => {
        const namespace = `case-${++number}`;
        await server.openNamespace(namespace);
        const kept: Record<string, string> = { ...around.names, ns: namespace };
        for (const step of steps) {
          await (step.eventually === true ? runUntil : run)(server, step, kept);
        }
      });
    }
  });
}

async function runUntil(
  server: ParityServer,
  step: Step,
  kept: Record<string, string>,
): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await run(server, step, kept);
    } catch (error) {
      if (tries === TRIES_MAXIMUM) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

async function run(server: ParityServer, step: Step, kept: Record<string, string>): Promise<void> {
  const [method = "GET", path = "/"] = step.send.split(" ");
  const url = filled(
    path.startsWith("/") ? path : `/api/v1/namespaces/$ns/${path}`,
    kept,
  ) as string;
  const type = step.type ?? (step.body === undefined ? undefined : "application/json");
  if (step.later !== undefined) await server.clock.advance(step.later * 1000);
  const pending = server.send(
    method,
    url,
    {
      "user-agent": step.agent ?? "parity/1",
      ...(type === undefined ? {} : { "content-type": PATCH_TYPES[type] ?? type }),
      ...(step.accept === undefined ? {} : { accept: step.accept }),
    },
    filled(step.body, kept),
    step.user,
  );
  const response = await (step.slow === true ? server.answered(pending) : pending);
  const where = `${step.send} answers`;
  const warnings = response.headers.get("warning");
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    const actual = response.headers.get(name);
    if (value === "") assert.ok(actual, `${where} with the header ${name}`);
    else assert.equal(actual, filled(value, kept), `${where} with the header ${name}`);
  }
  if (step.lines !== undefined) {
    assert.equal(response.status, step.code, where);
    return checkLines(response, filled([...step.lines], kept) as JsonObject[], where);
  }
  const text = await response.text();
  assert.equal(response.status, step.code, `${where} ${text}`);
  const answer = parsed(text);
  if (step.reason !== undefined) assert.equal(answer["reason"], step.reason, where);
  if (step.message !== undefined) {
    assert.equal(answer["message"], filled(step.message, kept), where);
  }
  if (step.has !== undefined) checkHas(answer, filled(step.has, kept) as JsonObject, where);
  for (const gone of step.lacks ?? []) {
    assert.equal(valueAt(answer, gone), undefined, `${where} without ${gone}`);
  }
  if (step.warns !== undefined) {
    const texts = filled([...step.warns], kept) as string[];
    const expected = texts.map((one) => `299 - ${JSON.stringify(one)}`).join(", ");
    assert.equal(warnings ?? "", expected, where);
  }
  for (const [name, at] of Object.entries(step.keep ?? {})) {
    const value = valueAt(answer, at);
    assert.notEqual(value, undefined, `${where} with ${at}`);
    kept[name] = String(value);
  }
}

async function checkLines(
  response: Response,
  expected: readonly JsonObject[],
  where: string,
): Promise<void> {
  assert.ok(response.body !== null);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (const line of expected) {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      assert.ok(!done, `${where} ${JSON.stringify(line)} before it ends`);
      text += value;
    }
    const end = text.indexOf("\n");
    checkHas(JSON.parse(text.slice(0, end)) as JsonValue, line, where);
    text = text.slice(end + 1);
  }
  await reader.cancel();
}

/** Text that is no JSON is the member `text`. */
function parsed(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : { value };
  } catch {
    return { text };
  }
}

function checkHas(actual: JsonValue | undefined, expected: JsonValue, where: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${where}: no list but ${JSON.stringify(actual)}`);
    assert.equal(actual.length, expected.length, `${where}: ${JSON.stringify(actual)}`);
    expected.forEach((item, i) => checkHas(actual[i], item, `${where} [${i}]`));
  } else if (isJsonObject(expected)) {
    assert.ok(isJsonObject(actual), `${where}: no object but ${JSON.stringify(actual)}`);
    for (const name of Object.keys(expected)) {
      checkHas(actual[name], expected[name] as JsonValue, `${where} .${name}`);
    }
  } else {
    assert.deepEqual(actual, expected, where);
  }
}

/** `metadata.labels.app`, `items.0.kind`. A dot in a name is written `\.`. */
function valueAt(value: JsonValue | undefined, path: string): JsonValue | undefined {
  for (const name of path.replaceAll("\\.", "\0").split(".")) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as JsonObject)[name.replaceAll("\0", ".")];
  }
  return value;
}

/** The value with kept ones put in for their names. */
function filled<T extends JsonValue | undefined>(
  value: T,
  kept: Readonly<Record<string, string>>,
): JsonValue | undefined {
  if (value === undefined) return undefined;
  return JSON.parse(
    JSON.stringify(value).replaceAll(/\$([a-z]+)/g, (whole, name: string) => kept[name] ?? whole),
  ) as JsonValue;
}
