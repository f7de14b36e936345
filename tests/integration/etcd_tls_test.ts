/** Whom a server takes for etcd, and what it shows there. */
import assert from "node:assert/strict";
import { silentLogger, systemClock, systemRandom } from "../../components/base/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { EtcdClient } from "../../components/storage/etcd/etcd_client.ts";
import type { EtcdTls } from "../../components/storage/mod.ts";
import { etcdIsThere, EtcdMembers } from "../etcd_members.ts";

/** For what is answered; a machine may be busy. */
const PATIENCE_MILLISECONDS = 30_000;
/** For what is tried again and again: the last failure is told at the end of it. */
const REFUSAL_MILLISECONDS = 4_000;

async function ask(
  endpoints: readonly string[],
  tls: EtcdTls,
  milliseconds: number,
): Promise<string> {
  const client = new EtcdClient({
    endpoints: endpoints.map((url) => new URL(url)),
    tls,
    clock: systemClock,
    logger: silentLogger,
  });
  try {
    await client.range({ key: Uint8Array.of(1), end: new Uint8Array() }, milliseconds);
    return "answered";
  } catch (error) {
    return String(error);
  } finally {
    client.close();
  }
}

if (etcdIsThere) {
  Deno.test("etcd's certificate must be for its address, and of the authority that was given", async () => {
    const directory = await Deno.makeTempDir({ prefix: "coracle-etcd-tls-" });
    const options = { clock: systemClock, random: systemRandom };
    const started: EtcdMembers[] = [];
    const serve = async (name: string, host: string) => {
      await pki.serving(name, { commonName: "etcd", hosts: [host] });
      const files = `${directory}/${name}`;
      const tls = {
        authority: `${directory}/ca.crt`,
        certificate: `${files}.crt`,
        key: `${files}.key`,
      };
      const etcd = await EtcdMembers.start({ tls });
      started.push(etcd);
      return etcd.endpoints;
    };
    const pki = await openPki(directory, options);
    const other = await openPki(undefined, options);
    try {
      const right = await serve("right", "127.0.0.1");
      const wrong = await serve("wrong", "127.0.0.2");
      const named = await serve("named", "localhost");
      const localhost = named.map((url) => url.replace("127.0.0.1", "localhost"));
      const { certificate, key } = await pki.client("client", {
        commonName: "c",
        organizations: [],
      });
      const stranger = await other.client("client", { commonName: "c", organizations: [] });
      const authority = pki.authority.certificate;
      const cases: [string, readonly string[], EtcdTls, RegExp][] = [
        ["right", right, { authority, certificate, key }, /^answered$/],
        ["by name", localhost, { authority, certificate, key }, /^answered$/],
        ["for another address", wrong, { authority, certificate, key }, /not in the cert's list/],
        ["for a name only", named, { authority, certificate, key }, /not in the cert's list/],
        [
          "of another authority",
          right,
          { authority: other.authority.certificate, certificate, key },
          /unable to verify/,
        ],
        ["the machine's authorities", right, { certificate, key }, /unable to verify/],
        ["no certificate of ours", right, { authority }, /can be reached|in time/],
        [
          "a stranger's certificate",
          right,
          { authority, certificate: stranger.certificate, key: stranger.key },
          /can be reached|in time/,
        ],
      ];
      const answers = await Promise.all(
        cases.map(([, endpoints, tls, expected]) =>
          ask(
            endpoints,
            tls,
            expected.test("answered") ? PATIENCE_MILLISECONDS : REFUSAL_MILLISECONDS,
          )
        ),
      );
      cases.forEach(([name, , , expected], i) => assert.match(answers[i] ?? "", expected, name));
    } finally {
      for (const etcd of started) await etcd.end();
      await Deno.remove(directory, { recursive: true });
    }
  });
}
