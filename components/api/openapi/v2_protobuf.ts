import { isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { BIT64, LENGTH_DELIMITED, MessageWriter, VARINT } from "../protobuf/message_writer.ts";

/**
 * The messages of gnostic's `openapi.v2`, in which kubectl reads OpenAPI 2. A message a line, then its members with
 * their numbers: text where nothing follows, else `b` a truth value, `d` a number, `l` a whole one, `a` anything, or
 * a message; `+` after it means many. `*` stands for members of any name, `x-` for extensions. A message that starts
 * with `|` is one of several, chosen by the value.
 */
const MESSAGES = `
Document swagger=1 info=2:Info host=3 basePath=4 schemes=5:s+ consumes=6:s+ produces=7:s+ paths=8:Paths definitions=9:Schemas parameters=10:Parameters responses=11:Responses2 security=12:Requirement+ securityDefinitions=13:Securities tags=14:Tag+ externalDocs=15:Docs x-=16
Info title=1 version=2 description=3 termsOfService=4 contact=5:Contact license=6:License x-=7
Contact name=1 url=2 email=3 x-=4
License name=1 url=2 x-=3
Docs description=1 url=2 x-=3
Tag name=1 description=2 externalDocs=3:Docs x-=4
Paths *=2:PathItem x-=1
Schemas *=1:Schema
Parameters *=1:|Parameter
Responses2 *=1:Response
Responses *=1:|ResponseValue x-=2
Requirement *=1:Texts
Securities *=1:|Security
Scopes *=1:s
Headers *=1:Header
Examples *=1:a
PathItem $ref=1 get=2:Operation put=3:Operation post=4:Operation delete=5:Operation options=6:Operation head=7:Operation patch=8:Operation parameters=9:|ParametersItem+ x-=10
Operation tags=1:s+ summary=2 description=3 externalDocs=4:Docs operationId=5 produces=6:s+ consumes=7:s+ parameters=8:|ParametersItem+ responses=9:Responses schemes=10:s+ deprecated=11:b security=12:Requirement+ x-=13
Reference $ref=1 description=2
Body description=1 name=2 in=3 required=4:b schema=5:Schema x-=6
Header type=1 format=2 items=3:Items collectionFormat=4 default=5:a maximum=6:d exclusiveMaximum=7:b minimum=8:d exclusiveMinimum=9:b maxLength=10:l minLength=11:l pattern=12 maxItems=13:l minItems=14:l uniqueItems=15:b enum=16:a+ multipleOf=17:d description=18 x-=19
InPath required=1:b in=2 description=3 name=4 type=5 format=6 items=7:Items collectionFormat=8 default=9:a maximum=10:d exclusiveMaximum=11:b minimum=12:d exclusiveMinimum=13:b maxLength=14:l minLength=15:l pattern=16 maxItems=17:l minItems=18:l uniqueItems=19:b enum=20:a+ multipleOf=21:d x-=22
InQuery required=1:b in=2 description=3 name=4 allowEmptyValue=5:b type=6 format=7 items=8:Items collectionFormat=9 default=10:a maximum=11:d exclusiveMaximum=12:b minimum=13:d exclusiveMinimum=14:b maxLength=15:l minLength=16:l pattern=17 maxItems=18:l minItems=19:l uniqueItems=20:b enum=21:a+ multipleOf=22:d x-=23
Items type=1 format=2 items=3:Items collectionFormat=4 default=5:a maximum=6:d exclusiveMaximum=7:b minimum=8:d exclusiveMinimum=9:b maxLength=10:l minLength=11:l pattern=12 maxItems=13:l minItems=14:l uniqueItems=15:b enum=16:a+ multipleOf=17:d x-=18
Response description=1 schema=2:|SchemaItem headers=3:Headers examples=4:Examples x-=5
Schema $ref=1 format=2 title=3 description=4 default=5:a multipleOf=6:d maximum=7:d exclusiveMaximum=8:b minimum=9:d exclusiveMinimum=10:b maxLength=11:l minLength=12:l pattern=13 maxItems=14:l minItems=15:l uniqueItems=16:b maxProperties=17:l minProperties=18:l required=19:s+ enum=20:a+ additionalProperties=21:|AdditionalProperties type=22:Texts items=23:SchemaList allOf=24:Schema+ properties=25:Schemas discriminator=26 readOnly=27:b xml=28:Xml externalDocs=29:Docs example=30:a x-=31
File format=1 title=2 description=3 default=4:a required=5:s+ type=6 readOnly=7:b externalDocs=8:Docs example=9:a x-=10
Xml name=1 namespace=2 prefix=3 attribute=4:b wrapped=5:b x-=6
Basic type=1 description=2 x-=3
ApiKey type=1 name=2 in=3 description=4 x-=5
Implicit type=1 flow=2 scopes=3:Scopes authorizationUrl=4 description=5 x-=6
Password type=1 flow=2 scopes=3:Scopes tokenUrl=4 description=5 x-=6
AccessCode type=1 flow=2 scopes=3:Scopes authorizationUrl=4 tokenUrl=5 description=6 x-=7
`;

interface Member {
  readonly number: number;
  readonly type: string;
  readonly many: boolean;
}
type Message = ReadonlyMap<string, Member>;

/** The numbers of the messages around the value, outermost first, and its own message. */
type Choice = readonly [numbers: readonly number[], message: string];

const INITIAL_BYTES = 64 * 1024;
const ANY_YAML = 2;
const PARAMETERS: Readonly<Record<string, Choice>> = {
  body: [[1], "Body"],
  header: [[2, 1], "InPath"],
  formData: [[2, 2], "InQuery"],
  query: [[2, 3], "InQuery"],
  path: [[2, 4], "InPath"],
};
const FLOWS: Readonly<Record<string, Choice>> = {
  implicit: [[3], "Implicit"],
  password: [[4], "Password"],
  application: [[5], "Password"],
  accessCode: [[6], "AccessCode"],
};
const CHOICES: Readonly<Record<string, (value: JsonObject) => Choice | undefined>> = {
  "|Parameter": (value) => own(PARAMETERS, value["in"]),
  "|ParametersItem": (value) => {
    if (typeof value["$ref"] === "string") return [[2], "Reference"];
    const choice = own(PARAMETERS, value["in"]);
    return choice && [[1, ...choice[0]], choice[1]];
  },
  "|ResponseValue": ({ $ref }) => typeof $ref === "string" ? [[2], "Reference"] : [[1], "Response"],
  "|SchemaItem": ({ type }) => type === "file" ? [[2], "File"] : [[1], "Schema"],
  "|Security": ({ type, flow }) =>
    type === "basic" ? [[1], "Basic"] : type === "apiKey" ? [[2], "ApiKey"] : own(FLOWS, flow),
  "|AdditionalProperties": () => [[1], "Schema"],
};

function own(of: Readonly<Record<string, Choice>>, name: unknown): Choice | undefined {
  return typeof name === "string" && Object.hasOwn(of, name) ? of[name] : undefined;
}

let read: ReadonlyMap<string, Message> | undefined;

function messages(): ReadonlyMap<string, Message> {
  return read ??= new Map(
    MESSAGES.trim().split("\n").map((line) => {
      const [name = "", ...members] = line.split(" ");
      return [name, new Map(members.map(memberOf))];
    }),
  );
}

function memberOf(text: string): [string, Member] {
  const [name = "", rest = ""] = text.split("=");
  const [number = "", type = "s"] = rest.split(":");
  const many = type.endsWith("+");
  return [name, { number: Number(number), type: many ? type.slice(0, -1) : type, many }];
}

/**
 * A document of OpenAPI 2 as gnostic's message `openapi.v2.Document`. What is not of the shape that OpenAPI 2 asks for
 * is left out: documents may come from other servers. The caller bounds their depth.
 */
export function openApiV2Protobuf(document: JsonObject): Uint8Array<ArrayBuffer> {
  const writer = new DocumentWriter();
  writer.message(document, "Document");
  return writer.out.finish();
}

class DocumentWriter {
  readonly out = new MessageWriter(INITIAL_BYTES);
  readonly #messages = messages();

  message(value: JsonObject, name: string): void {
    const members = this.#messages.get(name);
    if (members === undefined) return;
    const any = members.get("*");
    const extension = members.get("x-");
    for (const key of Object.keys(value)) {
      const inner = value[key];
      if (inner === undefined) continue;
      const member = key === "*" || key === "x-" ? undefined : members.get(key);
      if (member !== undefined) this.#member(member, inner);
      else if (extension !== undefined && key.startsWith("x-")) {
        this.#named(extension.number, key, () => this.#value(2, "a", inner));
      } else if (any !== undefined) {
        this.#named(any.number, key, () => this.#value(2, any.type, inner));
      }
    }
  }

  #member({ number, type, many }: Member, value: JsonValue): void {
    if (!many) return this.#value(number, type, value);
    if (!Array.isArray(value)) return;
    for (const each of value) this.#value(number, type, each);
  }

  #named(number: number, name: string, write: () => void): void {
    this.#within(number, () => {
      this.#text(1, name);
      write();
    });
  }

  #value(number: number, type: string, value: JsonValue): void {
    const { out } = this;
    switch (type) {
      case "s":
        if (typeof value === "string" && value !== "") this.#text(number, value);
        return;
      case "b":
        if (value === true) this.#true(number);
        return;
      case "d":
        if (typeof value !== "number" || value === 0) return;
        out.tag(number, BIT64);
        return out.double(value);
      case "l":
        if (typeof value !== "number" || value === 0 || !Number.isSafeInteger(value)) return;
        out.tag(number, VARINT);
        return out.int64(value);
      case "a":
        // JSON is YAML.
        return this.#within(number, () => this.#text(ANY_YAML, `${JSON.stringify(value)}\n`));
      case "Texts": {
        const texts = Array.isArray(value) ? value : [value];
        return this.#within(number, () => {
          for (const text of texts) if (typeof text === "string") this.#text(1, text);
        });
      }
      case "SchemaList": {
        const schemas = Array.isArray(value) ? value : [value];
        return this.#within(number, () => {
          for (const schema of schemas) this.#value(1, "Schema", schema);
        });
      }
    }
    if (type === "|AdditionalProperties" && typeof value === "boolean") {
      return this.#within(number, () => value && this.#true(2));
    }
    if (!isJsonObject(value)) return;
    const choose = CHOICES[type];
    const choice = choose === undefined ? [[], type] as const : choose(value);
    if (choice === undefined) return;
    this.#nested([number, ...choice[0]], value, choice[1]);
  }

  #nested([number, ...more]: readonly number[], value: JsonObject, name: string): void {
    if (number === undefined) return this.message(value, name);
    this.#within(number, () => this.#nested(more, value, name));
  }

  #within(number: number, write: () => void): void {
    this.out.tag(number, LENGTH_DELIMITED);
    const start = this.out.begin();
    write();
    this.out.end(start);
  }

  #text(number: number, text: string): void {
    this.out.tag(number, LENGTH_DELIMITED);
    this.out.string(text);
  }

  #true(number: number): void {
    this.out.tag(number, VARINT);
    this.out.uint32(1);
  }
}
