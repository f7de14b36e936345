import assert from "node:assert/strict";
import type { JsonObject } from "../../components/base/mod.ts";
import type { ApiServer } from "../../components/apiserver/mod.ts";

const USER = { username: "admin", groups: ["system:masters", "system:authenticated"] };
const TRIES_MAXIMUM = 2000;

/** What a server answered. */
export interface Answer {
  readonly code: number;
  readonly body: Record<string, JsonObject>;
}

/** Somebody who may do everything, in the server's own process. */
export class Administrator {
  constructor(readonly server: ApiServer) {}

  send(method: string, path: string, body?: unknown, type = "application/json", accept = "") {
    const request = new Request(`http://server${path}`, {
      method,
      headers: { "content-type": type, ...(accept === "" ? {} : { accept }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return this.server.handle(request, { address: "test", user: USER });
  }

  async json(
    method: string,
    path: string,
    body?: unknown,
    type?: string,
    accept?: string,
  ): Promise<Answer> {
    const response = await this.send(method, path, body, type, accept);
    return { code: response.status, body: await response.json() as Answer["body"] };
  }

  /** Asks until what is asked for is there: the server itself makes it so. */
  async until(path: string, is: (body: JsonObject) => boolean = () => true): Promise<void> {
    for (let tries = 0; tries < TRIES_MAXIMUM; tries++) {
      const response = await this.send("GET", path);
      const text = await response.text();
      if (response.status === 200 && is(JSON.parse(text))) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.fail(`${path} never was as expected`);
  }
}
