import type { Client } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import type { Clock, Random } from "../../base/mod.ts";
import {
  decodeDecryptResponse,
  decodeEncryptResponse,
  decodeStatus,
  encodeDecryptRequest,
  encodeEncryptRequest,
  type KmsSealed,
  type KmsStatus,
} from "./kms_messages.ts";

/** A key service: it keeps a key that never leaves it, and encrypts other keys with it. */
export interface KmsService {
  status(): Promise<KmsStatus>;
  encrypt(plaintext: Uint8Array): Promise<KmsSealed>;
  decrypt(sealed: KmsSealed): Promise<Uint8Array>;
  close(): void;
}

const SERVICE = "/v2.KeyManagementService/";

/** The key service behind a unix socket, over gRPC, which is loaded when it is first asked. */
export class KmsGrpc implements KmsService {
  #client: Promise<Client> | undefined;

  constructor(
    readonly socket: string,
    readonly timeoutMilliseconds: number,
    readonly clock: Clock,
    readonly random: Random,
  ) {}

  async status(): Promise<KmsStatus> {
    return decodeStatus(await this.#call("Status", new Uint8Array()));
  }

  async encrypt(plaintext: Uint8Array): Promise<KmsSealed> {
    const request = encodeEncryptRequest(plaintext, this.random.uuid());
    return decodeEncryptResponse(await this.#call("Encrypt", request));
  }

  async decrypt(sealed: KmsSealed): Promise<Uint8Array> {
    const request = encodeDecryptRequest(sealed, this.random.uuid());
    return decodeDecryptResponse(await this.#call("Decrypt", request));
  }

  close(): void {
    void this.#client?.then((client) => client.close());
  }

  async #call(method: string, request: Uint8Array): Promise<Uint8Array> {
    const client = await (this.#client ??= this.#connect());
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        SERVICE + method,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => new Uint8Array(bytes),
        request,
        { deadline: this.clock.now() + this.timeoutMilliseconds },
        (error, answer) => {
          if (error !== null) reject(new Error(`rpc error: ${error.message}`));
          else resolve(answer ?? new Uint8Array());
        },
      );
    });
  }

  async #connect(): Promise<Client> {
    const { Client, credentials } = await import("@grpc/grpc-js");
    return new Client(`unix:${this.socket}`, credentials.createInsecure());
  }
}
