import assert from "node:assert/strict";
import { FakeClock, type Logger, MetricRegistry, silentLogger } from "../base/mod.ts";
import type { ApiServer } from "../apiserver/mod.ts";
import { followFiles } from "./reloaded_files.ts";

const KIND = "apiVersion: apiserver.config.k8s.io/v1\nkind: ";
/** Turns of the event loop after which what is awaited will not come. */
const TURNS_MAXIMUM = 20_000;

Deno.test("followFiles() takes a changed file, and keeps what was before a wrong one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "follow-" });
  const authenticationConfig = `${folder}/authn.yaml`;
  const authorizationConfig = `${folder}/authz.yaml`;
  const write = (file: string, kind: string, rest: string) =>
    Deno.writeTextFile(file, `${KIND}${kind}\n${rest}\n`);
  const anonymous = (enabled: boolean) =>
    write(authenticationConfig, "AuthenticationConfiguration", `anonymous: {enabled: ${enabled}}`);
  const chain = (...types: string[]) =>
    write(
      authorizationConfig,
      "AuthorizationConfiguration",
      `authorizers: [${types.map((type) => `{type: ${type}, name: ${type}}`).join(", ")}]`,
    );
  await anonymous(true);
  await chain("Node", "RBAC");
  const taken: string[] = [];
  const told: string[] = [];
  const server = {
    reconfigureAuthentication: ({ anonymous }) => void taken.push(`${anonymous?.enabled}`),
    reconfigureAuthorization: ({ authorizers }) =>
      void taken.push(authorizers.map(({ type }) => type).join()),
  } satisfies Partial<ApiServer> as unknown as ApiServer;
  const logger: Logger = {
    ...silentLogger,
    error: (_text, more) => void told.push(`${more?.["path"]}`),
  };
  const clock = new FakeClock();
  const until = async (reached: () => boolean) => {
    for (let turn = 0; !reached(); turn++) {
      assert.ok(turn < TURNS_MAXIMUM, `taken: ${taken}, told: ${told}`);
      await new Promise((resolve) => setTimeout(resolve));
      await clock.advance(1000);
    }
  };
  const metrics = new MetricRegistry();
  const end = followFiles(
    { authenticationConfig, authorizationConfig },
    [],
    server,
    clock,
    logger,
    metrics,
  );
  try {
    await until(() => clock.now() > new FakeClock().now() + 60_000);
    assert.deepEqual(taken, [], "nothing has changed");
    await anonymous(false);
    await until(() => taken.length === 1);
    await chain("RBAC");
    await until(() => taken.length === 2);
    assert.deepEqual(taken, ["false", "RBAC"]);
    await chain();
    await until(() => told.length === 1);
    assert.deepEqual([taken.length, told], [2, [authorizationConfig]]);
    await chain("Node");
    await until(() => taken.length === 3);
    const text = metrics.text();
    for (
      const [kind, status, count] of [
        ["authentication", "success", 1],
        ["authorization", "success", 2],
        ["authorization", "failure", 1],
      ]
    ) {
      const name = `apiserver_${kind}_config_controller_automatic_reloads_total`;
      const line = `${name}{status="${status}",apiserver_id_hash=""} ${count}\n`;
      assert.ok(text.includes(line), line);
    }
  } finally {
    end();
    await Deno.remove(folder, { recursive: true });
  }
});
