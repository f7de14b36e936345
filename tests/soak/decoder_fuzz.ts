import assert from "node:assert/strict";
import { ApiError, type Random, randomInteger } from "../../components/base/mod.ts";
import {
  BUILTIN_KINDS,
  decodeObject,
  encodeProtobuf,
  hasProtobuf,
  type KubeObject,
  loadYaml,
  type ResourceDefinition,
} from "../../components/api/served.ts";
import { damage, hostile } from "./damage.ts";
import { pick, randomStruct } from "./random_object.ts";
import type { SoakTask } from "./task.ts";

const BODIES = 2_000;
const HOSTILE_SHARE = 0.01;
/** A body of a few KB that takes longer is a way to stop the server; hostile ones are up to 350 KB. */
const SLOW_MILLISECONDS = 2_000;

const JSON_TYPE = "application/json";
const YAML_TYPE = "application/yaml";
const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

interface Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/**
 * Bodies of every kind, damaged in every encoding: each is refused with a `Status` or read, in reasonable time; what
 * is read takes defaults and reads the same again from what it is written as.
 */
export const decoderFuzz: SoakTask = {
  name: "damaged bodies",
  async run(random) {
    await loadYaml();
    let read = 0;
    for (let i = 0; i < BODIES; i++) {
      const kind = pick(random, BUILTIN_KINDS);
      const body = random.next() < HOSTILE_SHARE
        ? { bytes: hostile(random), contentType: pick(random, [JSON_TYPE, YAML_TYPE]) }
        : randomBody(random, kind);
      const damaged = { ...body, bytes: damage(random, body.bytes) };
      const started = performance.now();
      const object = readOrRefuse(damaged, kind);
      const took = performance.now() - started;
      assert.ok(took < SLOW_MILLISECONDS, `${shown(damaged, kind)} took ${took} ms`);
      if (object === undefined) continue;
      read++;
      checkRead(object, kind);
    }
    return `${BODIES} bodies, ${read} read, the others refused`;
  },
};

function readOrRefuse(body: Body, kind: ResourceDefinition): KubeObject | undefined {
  try {
    return decodeObject(body.bytes, body.contentType, kind, { fieldValidation: "Warn" }).object;
  } catch (error) {
    const refused = error instanceof ApiError && [400, 413, 415].includes(error.code);
    assert.ok(refused, `${shown(body, kind)}: ${error instanceof Error ? error.stack : error}`);
    return undefined;
  }
}

function checkRead(object: KubeObject, kind: ResourceDefinition): void {
  const text = JSON.stringify(object);
  const again = readOrRefuse(asJson(text), kind);
  assert.deepEqual(again, JSON.parse(text), `${kind.kind} reads the same again: ${text}`);
  try {
    kind.applyDefaults(object);
  } catch (error) {
    assert.fail(`defaults of ${text}: ${error instanceof Error ? error.stack : error}`);
  }
}

function randomBody(random: Random, kind: ResourceDefinition): Body {
  const object = randomStruct(random, kind.schema);
  object["apiVersion"] = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  object["kind"] = kind.kind;
  const json = asJson(JSON.stringify(object));
  const encoding = randomInteger(random, 3);
  if (encoding === 0) return { ...json, contentType: YAML_TYPE };
  if (encoding === 1 && hasProtobuf(kind)) {
    const fit = readOrRefuse(json, kind);
    const bytes = fit === undefined ? undefined : encodeProtobuf(fit, kind);
    if (bytes !== undefined) return { bytes: bytes.slice(), contentType: PROTOBUF_TYPE };
  }
  return json;
}

function asJson(text: string): Body {
  return { bytes: new TextEncoder().encode(text), contentType: JSON_TYPE };
}

function shown(body: Body, kind: ResourceDefinition): string {
  const text = JSON.stringify(new TextDecoder().decode(body.bytes.subarray(0, 300)));
  return `${kind.kind} as ${body.contentType} ${text}`;
}
