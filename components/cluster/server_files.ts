import type { AuditOptions, RunningOptions } from "../apiserver/mod.ts";
import { readAuditPolicy, readEncryptionConfig } from "../apiserver/mod.ts";
import { connect } from "./connection.ts";
import { readKubeconfig } from "./kubeconfig_file.ts";
import { StartError } from "./start_error.ts";

/** What is recorded, and where, by the names of files. */
export interface AuditFiles {
  readonly policyFile: string;
  readonly log?: NonNullable<AuditOptions["log"]>;
  readonly webhook?: Omit<NonNullable<AuditOptions["webhook"]>, "post"> & {
    /** A kubeconfig that says where events are sent. */
    readonly configFile: string;
  };
}

/** How an API server is run, with files that are read when it starts. */
export interface ServerChoice extends Omit<RunningOptions, "audit" | "encryption"> {
  readonly audit?: AuditFiles;
  readonly encryption?: EncryptionFile;
}

/** How what lies in the store is encrypted. */
export interface EncryptionFile {
  readonly configFile: string;
  /** Whether a change of the file takes effect without a restart. */
  readonly automaticReload: boolean;
}

/** Reads the files. Rejects with `StartError` where the user can mend them. */
export async function openServerFiles(choice: ServerChoice): Promise<RunningOptions> {
  const { audit, encryption, ...options } = choice;
  return {
    ...options,
    ...(audit === undefined ? {} : { audit: await openAudit(audit) }),
    ...(encryption === undefined ? {} : { encryption: await openEncryption(encryption) }),
  };
}

async function openEncryption({ configFile, automaticReload }: EncryptionFile) {
  const text = await read(configFile, (text) => {
    readEncryptionConfig(text);
    return text;
  });
  return { text, ...(automaticReload ? { read: () => Deno.readTextFile(configFile) } : {}) };
}

async function openAudit({ policyFile, log, webhook }: AuditFiles): Promise<AuditOptions> {
  const policy = await read(policyFile, readAuditPolicy);
  return {
    policy,
    ...(log === undefined ? {} : { log }),
    ...(webhook === undefined ? {} : { webhook: await openWebhook(webhook) }),
  };
}

async function openWebhook({ configFile, ...limits }: NonNullable<AuditFiles["webhook"]>) {
  const access = await readKubeconfig(configFile);
  const { fetch } = connect(access, "apiserver-audit");
  const post = (body: string) =>
    fetch(
      new Request(access.server, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
        },
        body,
      }),
    );
  return { ...limits, post };
}

async function read<T>(path: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await Deno.readTextFile(path));
  } catch (error) {
    throw new StartError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
