import type { DialTarget, MessagePipe, PausablePipe } from "../serving/mod.ts";

/** Where a node's kubelet listens. */
export interface KubeletAddress {
  readonly node: string;
  readonly host: string;
  readonly port: number;
}

/**
 * A pipe whose source may be told to wait. One that cannot is bounded by a buffer, past which it is closed. Whoever
 * opens a socket makes its pipe at once: a message that comes right after the opening would be lost to a later one.
 */
export type StreamPipe = MessagePipe & Partial<PausablePipe>;

/** A request to pass on. `body` is streamed; who loses interest in the answer cancels the answer's body. */
export interface PassedRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
}

/**
 * How the API server speaks to kubelets: HTTPS with its kubelet client certificate. `path` holds the query too.
 * Both reject with an `Error` that says why the kubelet was not reached; redirects are not followed.
 */
export interface KubeletConnector {
  fetch(kubelet: KubeletAddress, path: string, request: PassedRequest): Promise<Response>;
  /** Opens a WebSocket that speaks exactly `protocol`. */
  websocket(kubelet: KubeletAddress, path: string, protocol: string): Promise<StreamPipe>;
  /** A plain connection to where the kubelet speaks HTTP. */
  connect(kubelet: KubeletAddress): Promise<PausablePipe>;
}

/** A pod's or Service endpoint's port, and what it speaks. */
export interface BackendTarget extends DialTarget {
  readonly scheme: "http" | "https";
}

/** How the API server speaks to what `proxy` names: through `Dial`, without checking certificates, as upstream. */
export interface BackendConnector {
  fetch(target: BackendTarget, path: string, request: PassedRequest): Promise<Response>;
  /** A plain connection to where the backend speaks HTTP. */
  connect(target: BackendTarget): Promise<PausablePipe>;
}
