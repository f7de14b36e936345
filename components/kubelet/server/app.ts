import { type Context, Hono } from "hono";
import type { Pod } from "../../api/mod.ts";
import { MetricRegistry } from "../../base/mod.ts";
import {
  type DoorPeer,
  type ExecStreams,
  isWebSocketUpgrade,
  type PortForwardStream,
  serveExecChannels,
  servePortForward,
} from "../../serving/mod.ts";
import type { KubeletConfiguration } from "../config.ts";
import type { Kubelet } from "../kubelet.ts";
import { logOptions } from "../logs/log_options.ts";
import { logStream } from "../logs/log_stream.ts";
import { isActive, latestInstance } from "../pod_containers.ts";
import type { ContainerState, ContainerStats } from "../runtime.ts";
import { type Authorize, nodeAccess } from "./access.ts";
import { FirstAttach } from "./first_attach.ts";
import { logTarget } from "./log_target.ts";
import { readNodeUsage } from "./node_usage.ts";
import { resourceMetrics, type StatsInput, summary } from "./stats.ts";

export interface KubeletServerOptions {
  readonly kubelet: Kubelet;
  readonly configuration: KubeletConfiguration;
  /** Who may do what; every path but `/healthz` of the loopback asks it. */
  readonly authorize: Authorize;
}

const RUN_TIMEOUT_MILLISECONDS = 120_000;

/** The kubelet's own API, as a function that a door serves on port 10250. */
export function kubeletServer(
  options: KubeletServerOptions,
): (request: Request, peer: DoorPeer) => Promise<Response> {
  const server = new Server(options);
  return async (request, peer) => {
    const path = new URL(request.url).pathname;
    const refused = await options.authorize(request, peer, nodeAccess(request.method, path));
    return refused ?? await server.app.fetch(request);
  };
}

class Server {
  readonly #firstAttach = new FirstAttach();
  readonly app: Hono;
  readonly #options: KubeletServerOptions;
  readonly #metrics = new MetricRegistry();
  readonly #runningPods = this.#metrics.gauge(
    "kubelet_running_pods",
    "Number of pods that have a running pod sandbox",
  );
  readonly #runningContainers = this.#metrics.gauge(
    "kubelet_running_containers",
    "Number of containers currently running",
    ["container_state"],
  );
  readonly #nodeName = this.#metrics.gauge(
    "kubelet_node_name",
    "The node's name. The count is always 1.",
    ["node"],
  );
  readonly #started: number;
  #stats = new Map<string, ContainerStats>();

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    const { clock, nodeName } = options.kubelet.context;
    this.#started = clock.now();
    this.#nodeName.set(1, nodeName);
    this.app = this.#routes();
  }

  #routes(): Hono {
    const app = new Hono();
    app.get("/healthz", (c) => c.text("ok"));
    app.get("/healthz/:check{ping|log|syncloop}", (c) => c.text("ok"));
    app.get("/pods", (c) => c.json(this.#podList(this.#kubelet.pods.pods())));
    app.get("/pods/", (c) => c.json(this.#podList(this.#kubelet.pods.pods())));
    app.get("/runningpods/", (c) => c.json(this.#podList(this.#running())));
    app.get("/configz", (c) => c.json({ kubeletconfig: this.#options.configuration }));
    app.get("/metrics", (c) => c.text(this.#metricsText()));
    app.get("/metrics/resource", async (c) => c.text(resourceMetrics(await this.#statsInput())));
    app.get("/stats/summary", async (c) => c.json(summary(await this.#statsInput())));
    app.get("/containerLogs/:namespace/:pod/:container", (c) => this.#logs(c));
    for (const path of ["/:namespace/:pod/:container", "/:namespace/:pod/:uid/:container"]) {
      app.on(["GET", "POST"], `/exec${path}`, (c) => this.#exec(c, "exec"));
      app.on(["GET", "POST"], `/attach${path}`, (c) => this.#exec(c, "attach"));
      app.post(`/run${path}`, (c) => this.#run(c));
    }
    for (const path of ["/:namespace/:pod", "/:namespace/:pod/:uid"]) {
      app.on(["GET", "POST"], `/portForward${path}`, (c) => this.#portForward(c));
    }
    app.notFound((c) => c.text("404 page not found\n", 404));
    app.onError((error, c) => {
      this.#kubelet.context.logger.error("request failed", { path: c.req.path, error });
      return c.text(`${error.message}\n`, 500);
    });
    return app;
  }

  get #kubelet(): Kubelet {
    return this.#options.kubelet;
  }

  #podList(pods: readonly Pod[]): Record<string, unknown> {
    return { kind: "PodList", apiVersion: "v1", metadata: {}, items: pods };
  }

  #running(): Pod[] {
    const { cache } = this.#kubelet.context;
    return this.#kubelet.pods.pods().filter((pod) =>
      cache.pod(pod.metadata?.uid ?? "").containers.some(isActive)
    );
  }

  #metricsText(): string {
    const containers = this.#kubelet.context.cache.containers();
    this.#runningPods.set(this.#running().length);
    for (const state of ["created", "running", "exited", "unknown"]) {
      const count = containers.filter((container) => container.state === state).length;
      this.#runningContainers.set(count, state);
    }
    return this.#metrics.text();
  }

  async #statsInput(): Promise<StatsInput> {
    const { clock, nodeName, runtime } = this.#kubelet.context;
    const [stats, node] = await Promise.all([runtime.containerStats(), readNodeUsage()]);
    const samples = stats.map((each) => {
      const previous = this.#stats.get(each.containerId);
      return { stats: each, ...(previous === undefined ? {} : { previous }) };
    });
    this.#stats = new Map(stats.map((each) => [each.containerId, each]));
    return {
      nodeName,
      startTime: this.#started,
      now: clock.now(),
      node,
      pods: this.#kubelet.pods.pods(),
      samples,
    };
  }

  #find(c: Context): Pod | undefined {
    const { namespace = "", pod = "", uid } = c.req.param() as Record<string, string>;
    return this.#kubelet.pods.find(namespace, pod, uid);
  }

  async #logs(c: Context): Promise<Response> {
    const { cache, clock, runtime } = this.#kubelet.context;
    const name = c.req.param("container") ?? "";
    const options = logOptions(new URL(c.req.url).searchParams, clock.now());
    if (typeof options === "string") return c.text(`${options}\n`, 422);
    const pod = this.#find(c);
    if (pod === undefined) {
      return c.text(`pod ${JSON.stringify(c.req.param("pod"))} does not exist\n`, 404);
    }
    const target = logTarget(pod, name, options.previous);
    if ("message" in target) return c.text(target.message, target.code === 404 ? 404 : 400);
    const uid = pod.metadata?.uid ?? "";
    const instance = () => cache.pod(uid).containers.find(({ id }) => id === target.containerId);
    const path = instance()?.logPath;
    if (path === undefined) {
      return c.text(`unable to retrieve container logs for ${target.containerId}`, 400);
    }
    if (path === "") {
      const text = runtime.logText?.(target.containerId);
      return c.text(
        text ?? `${runtime.name} containers write no logs\n`,
        text === undefined ? 501 : 200,
      );
    }
    try {
      await Deno.stat(path);
    } catch {
      return c.text(`failed to open log file of container ${target.containerId}`, 500);
    }
    const owner = {
      running: () => instance()?.state === "running" || instance()?.state === "created",
      changed: () => cache.changed(uid),
    };
    return new Response(logStream(path, options, owner), {
      headers: { "content-type": "text/plain" },
    });
  }

  #instance(c: Context): ContainerState | Response {
    const pod = this.#find(c);
    const name = c.req.param("container") ?? "";
    if (pod === undefined) return c.text("pod does not exist\n", 404);
    const runtime = this.#kubelet.context.cache.pod(pod.metadata?.uid ?? "");
    const instance = latestInstance(runtime, name);
    if (instance?.state === "running") return instance;
    return c.text(`container not found (${JSON.stringify(name)})\n`, instance ? 500 : 404);
  }

  #exec(c: Context, what: "exec" | "attach"): Response {
    const { clock, runtime } = this.#kubelet.context;
    const query = new URL(c.req.url).searchParams;
    const flag = (...names: string[]) =>
      names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
    const tty = flag("tty");
    const wishes = {
      stdin: flag("input", "stdin"),
      stdout: flag("output", "stdout"),
      stderr: flag("error", "stderr"),
      tty,
    };
    if (!wishes.stdin && !wishes.stdout && !wishes.stderr) {
      return c.text("you must specify at least 1 of stdin, stdout, stderr\n", 400);
    }
    const instance = this.#instance(c);
    if (instance instanceof Response) return instance;
    if (!isWebSocketUpgrade(c.req.raw)) {
      return c.text("only WebSocket upgrades are supported\n", 400);
    }
    const command = query.getAll("command");
    const run = async (streams: ExecStreams) => {
      if (what === "exec") {
        return { exitCode: await runtime.exec(instance.id, command, streams) };
      }
      const pod = this.#find(c);
      const log = pod && await this.#firstAttach.log(pod, instance);
      await runtime.attach(instance.id, streams, log);
      return { exitCode: 0 };
    };
    return serveExecChannels(c.req.raw, wishes, clock, run);
  }

  async #run(c: Context): Promise<Response> {
    const instance = this.#instance(c);
    if (instance instanceof Response) return instance;
    const command = (new URL(c.req.url).searchParams.get("cmd") ?? "").split(" ");
    const { exitCode, output } = await this.#kubelet.context.runtime.execSync(
      instance.id,
      command,
      RUN_TIMEOUT_MILLISECONDS,
    );
    return c.text(output, exitCode === 0 ? 200 : 500);
  }

  #portForward(c: Context): Response {
    const { cache, clock, logger, runtime } = this.#kubelet.context;
    const pod = this.#find(c);
    if (pod === undefined) return c.text("pod does not exist\n", 404);
    const sandbox = cache.pod(pod.metadata?.uid ?? "").sandboxes[0];
    if (sandbox?.ready !== true) return c.text("pod is not running\n", 500);
    if (!isWebSocketUpgrade(c.req.raw)) {
      return c.text("only WebSocket upgrades are supported\n", 400);
    }
    const forward = async (stream: PortForwardStream, signal: AbortSignal) => {
      try {
        const far = await runtime.portForward(sandbox.id, stream.port, signal);
        await Promise.all([
          stream.readable.pipeTo(far.writable),
          far.readable.pipeTo(stream.writable),
        ]);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        logger.debug("port forward failed", { port: stream.port, error: message });
        const { name = "", namespace = "" } = pod.metadata ?? {};
        await stream.fail(
          `error forwarding port ${stream.port} to pod ${name}_${namespace}: ${message}`,
        ).catch(() => {});
      }
    };
    return servePortForward(c.req.raw, clock, (stream, signal) => void forward(stream, signal));
  }
}
