/** What every server of the cluster shares. */
export * from "./accepted_pipe.ts";
export * from "./base64_channels.ts";
export * from "./dial.ts";
export * from "./streams.ts";
export * from "./door.ts";
export * from "./socket_folder.ts";
export * from "./message_pipe.ts";
export * from "./multiplexer.ts";
export * from "./tunnel_agent.ts";
export * from "./tunnel_hub.ts";
export * from "./node_stream.ts";
export * from "./port_forward_channels.ts";
export * from "./raw_connection.ts";
export * from "./spdy_channels.ts";
export * from "./spdy_session.ts";
export * from "./websocket_channels.ts";
export * from "./tls_client.ts";
