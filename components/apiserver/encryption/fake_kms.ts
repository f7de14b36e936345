import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { kmsServer } from "./kms_messages.ts";

/** A key service on a unix socket, for tests: its secret is a byte that everything is mixed with. */
export class FakeKms {
  keyId = "key-1";
  healthz = "ok";
  failing = false;
  readonly calls: string[] = [];
  readonly #server = new Server();

  static async open(socket: string): Promise<FakeKms> {
    const kms = new FakeKms();
    const method = (name: string) => ({
      path: `/v2.KeyManagementService/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
      requestDeserialize: (bytes: Buffer) => new Uint8Array(bytes),
      responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes),
      responseDeserialize: (bytes: Buffer) => new Uint8Array(bytes),
    });
    const names = ["Status", "Encrypt", "Decrypt"] as const;
    kms.#server.addService(
      Object.fromEntries(names.map((name) => [name, method(name)])),
      Object.fromEntries(names.map((name) => [
        name,
        (
          call: { request: Uint8Array },
          answer: (error: Error | null, bytes?: Uint8Array) => void,
        ) => {
          kms.calls.push(name);
          if (kms.failing) answer(new Error("sealed"));
          else answer(null, kms.#answer(name, call.request));
        },
      ])),
    );
    await new Promise<void>((resolve, reject) =>
      kms.#server.bindAsync(
        `unix:${socket}`,
        ServerCredentials.createInsecure(),
        (error) => error === null ? resolve() : reject(error),
      )
    );
    return kms;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #answer(name: "Status" | "Encrypt" | "Decrypt", request: Uint8Array): Uint8Array {
    const mixed = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a);
    const { healthz, keyId } = this;
    switch (name) {
      case "Status":
        return kmsServer.status({ version: "v2", healthz, keyId });
      case "Encrypt": {
        const ciphertext = mixed(kmsServer.readEncrypt(request));
        const annotations = new Map([["note.example.com", Uint8Array.of(1, 2)]]);
        return kmsServer.encrypted({ ciphertext, keyId, annotations });
      }
      case "Decrypt": {
        const { ciphertext, annotations } = kmsServer.readDecrypt(request);
        if (annotations.get("note.example.com")?.length !== 2) throw new Error("no note");
        return kmsServer.decrypted(mixed(ciphertext));
      }
    }
  }
}
