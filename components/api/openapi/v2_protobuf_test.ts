import assert from "node:assert/strict";
import type { JsonObject } from "../../base/mod.ts";
import { openApiV2Protobuf } from "./mod.ts";

const text = new TextEncoder();

/** A member of a message: its number, and bytes of its length. */
function member(number: number, ...parts: (string | Uint8Array)[]): Uint8Array {
  const bytes = parts.map((part) => typeof part === "string" ? text.encode(part) : part);
  const body = bytes.flatMap((each) => [...each]);
  assert.ok(body.length < 128);
  const tag = number << 3 | 2;
  return new Uint8Array([...tag < 128 ? [tag] : [tag & 127 | 128, tag >> 7], body.length, ...body]);
}
const number = (at: number, value: number) =>
  new Uint8Array(at < 16 ? [at << 3, value] : [at << 3 & 127 | 128, at >> 4, value]);
const any = (at: number, yaml: string) => member(at, member(2, yaml));

/** The message of one schema, of the name `a` in the document. */
const schema = (body: JsonObject) =>
  openApiV2Protobuf({ definitions: { a: body } }) as Uint8Array<ArrayBuffer>;
const inSchema = (...parts: Uint8Array[]) =>
  member(9, member(1, member(1, "a"), member(2, ...parts)));

Deno.test("schemas are written by gnostic's numbers", () => {
  const cases: [JsonObject, Uint8Array[]][] = [
    [{ $ref: "#/definitions/b" }, [member(1, "#/definitions/b")]],
    [{ type: "string", format: "byte" }, [member(22, member(1, "string")), member(2, "byte")]],
    [{ type: ["string", "null"] }, [member(22, member(1, "string"), member(1, "null"))]],
    [{ description: "what", required: ["b", "c"] }, [
      member(4, "what"),
      member(19, "b"),
      member(19, "c"),
    ]],
    [{ items: { type: "object" } }, [member(23, member(1, member(22, member(1, "object"))))]],
    [{ items: [{ title: "x" }, { title: "y" }] }, [
      member(23, member(1, member(3, "x")), member(1, member(3, "y"))),
    ]],
    [{ additionalProperties: true }, [member(21, number(2, 1))]],
    [{ additionalProperties: false }, [member(21)]],
    [{ additionalProperties: { title: "x" } }, [member(21, member(1, member(3, "x")))]],
    [{ properties: { p: {} } }, [member(25, member(1, member(1, "p"), member(2)))]],
    [{ default: "x", enum: ["x", 1] }, [any(5, '"x"\n'), any(20, '"x"\n'), any(20, "1\n")]],
    [{ maxLength: 5, uniqueItems: true, minItems: 0 }, [number(11, 5), number(16, 1)]],
    [{ maximum: 1 }, [new Uint8Array([7 << 3 | 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])]],
    [{ "x-kubernetes-list-type": "set" }, [
      member(31, member(1, "x-kubernetes-list-type"), member(2, member(2, '"set"\n'))),
    ]],
    // What OpenAPI 2 does not know, and what is of another shape than it says.
    [{ nullable: true, oneOf: [], "*": "x", "x-": undefined as never }, []],
    [{ title: 5, maxLength: "5", required: "a", properties: [], maxItems: 1.5 }, []],
    [{ type: [5, {}], allOf: [null, 5, "x"] }, [member(22)]],
  ];
  for (const [body, parts] of cases) {
    assert.deepEqual(schema(body), inSchema(...parts), JSON.stringify(body));
  }
});

Deno.test("what is one of several messages is chosen by its value", () => {
  const wrapped = (item: JsonObject) =>
    openApiV2Protobuf({ paths: { "/p": { parameters: [item] } } });
  const expected = (...parts: Uint8Array[]) =>
    member(8, member(2, member(1, "/p"), member(2, member(9, ...parts))));
  const cases: [JsonObject, Uint8Array[]][] = [
    [{ $ref: "#/parameters/x" }, [member(2, member(1, "#/parameters/x"))]],
    [{ in: "body", name: "body" }, [member(1, member(1, member(3, "body"), member(2, "body")))]],
    [{ in: "query", name: "q" }, [
      member(1, member(2, member(3, member(2, "query"), member(4, "q")))),
    ]],
    [{ in: "path", name: "q" }, [
      member(1, member(2, member(4, member(2, "path"), member(4, "q")))),
    ]],
    [{ in: "header" }, [member(1, member(2, member(1, member(2, "header"))))]],
    [{ in: "formData" }, [member(1, member(2, member(2, member(2, "formData"))))]],
  ];
  for (const [item, parts] of cases) {
    assert.deepEqual(wrapped(item), expected(...parts), JSON.stringify(item));
  }
  for (const item of [{ in: "nowhere" }, { in: "toString" }, {}]) {
    assert.deepEqual(wrapped(item), member(8, member(2, member(1, "/p"), member(2))));
  }
  const responses = openApiV2Protobuf({
    paths: {
      "/p": { get: { responses: { "200": { description: "OK", schema: { title: "x" } } } } },
      "x-a": 1,
    },
    security: [{ token: [] }],
    securityDefinitions: { token: { type: "apiKey", name: "authorization", in: "header" } },
  });
  const response = member(1, member(1, "OK"), member(2, member(1, member(3, "x"))));
  const operation = member(2, member(9, member(1, member(1, "200"), member(2, response))));
  const parts = [
    member(
      8,
      member(2, member(1, "/p"), member(2, operation)),
      member(1, member(1, "x-a"), any(2, "1\n")),
    ),
    member(12, member(1, member(1, "token"), member(2))),
    member(
      13,
      member(
        1,
        member(1, "token"),
        member(2, member(2, member(1, "apiKey"), member(2, "authorization"), member(3, "header"))),
      ),
    ),
  ];
  assert.deepEqual(responses, new Uint8Array(parts.flatMap((each) => [...each])));
});
