import type { Clock, Random } from "../../base/mod.ts";
import type { BackendConnector, KubeletConnector } from "../kubelet_connector.ts";
import type { Authorizer, ObjectReader, RequestInfo, UserInfo } from "../ports.ts";

/** What a streaming subresource needs beside the request. The request is authorized for its own verb already. */
export interface ConnectContext {
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  /** Where the request came from, as its peer says. */
  readonly address: string;
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
  readonly kubelets: KubeletConnector;
  readonly backends: BackendConnector;
  readonly clock: Clock;
  readonly random: Random;
}
