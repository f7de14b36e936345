import { type Random, randomInteger } from "../../components/base/mod.ts";
import type { ConfigMap } from "../../components/api/mod.ts";

interface Event {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly object: ConfigMap;
}

const NAMES = 20;
const PAGE = 7;

/** A server of ConfigMaps with every fault that a client must live with, decided by a seed. */
export class SimulatedServer {
  lists = 0;
  watches = 0;
  readonly #random: Random;
  readonly #objects = new Map<string, ConfigMap>();
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #history: Event[] = [];
  #compacted = 0;
  #revision = 1;
  #calm = false;

  constructor(random: Random) {
    this.#random = random;
  }

  get resourceVersion(): string {
    return String(this.#revision);
  }

  versions(): Map<string, string> {
    const pairs = [...this.#objects].map(([key, object]) =>
      [key, object.metadata?.resourceVersion ?? ""] as const
    );
    return new Map(pairs.toSorted());
  }

  /** One write, or one fault. */
  step(): void {
    const chance = this.#random.next();
    if (chance < 0.8) this.#write();
    else if (chance < 0.9) this.hangUp();
    else if (chance < 0.95) this.#compact();
    else this.#send({ type: "BOOKMARK", object: { metadata: this.#versionOnly() } });
  }

  /** No more faults; whoever follows gets a last write to see. */
  calm(): void {
    this.#calm = true;
    this.#write();
  }

  hangUp(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  fetch = (request: Request): Promise<Response> => {
    const { searchParams } = new URL(request.url);
    if (!this.#calm && this.#random.next() < 0.1) {
      return Promise.resolve(status(500, "InternalError", "a fault of the simulation"));
    }
    return Promise.resolve(
      searchParams.has("watch") ? this.#watch(searchParams) : this.#list(searchParams),
    );
  };

  #list(parameters: URLSearchParams): Response {
    this.lists++;
    // A continued list shows the revision at which it began; here that ends with the next write.
    const [at = "", after = ""] = (parameters.get("continue") ?? "").split("|");
    if (at !== "" && Number(at) !== this.#revision) return expired();
    const keys = [...this.#objects.keys()].sort().filter((key) => key > after);
    const page = keys.slice(0, PAGE);
    const more = keys.length > page.length ? `${this.#revision}|${page.at(-1)}` : undefined;
    return Response.json({
      kind: "ConfigMapList",
      apiVersion: "v1",
      metadata: { ...this.#versionOnly(), ...(more === undefined ? {} : { continue: more }) },
      items: page.map((key) => this.#objects.get(key)),
    });
  }

  #watch(parameters: URLSearchParams): Response {
    this.watches++;
    const after = Number(parameters.get("resourceVersion"));
    if (after < this.#compacted) return expired();
    let own: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        for (const event of this.#history) {
          if (event.revision > after) controller.enqueue(line(event));
        }
        this.#streams.add(controller);
      },
      cancel: () => {
        this.#streams.delete(own);
      },
    });
    return new Response(stream);
  }

  #write(): void {
    const name = `map-${String(randomInteger(this.#random, NAMES)).padStart(2, "0")}`;
    const key = `soak/${name}`;
    const exists = this.#objects.has(key);
    const revision = ++this.#revision;
    const object: ConfigMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "soak", resourceVersion: String(revision) },
    };
    const type = !exists ? "ADDED" : this.#random.next() < 0.3 ? "DELETED" : "MODIFIED";
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, object);
    const event: Event = { type, revision, object };
    this.#history.push(event);
    this.#send(event);
  }

  #compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
  }

  #send(event: { readonly type: string; readonly object: unknown }): void {
    for (const stream of this.#streams) stream.enqueue(line(event));
  }

  #versionOnly(): { readonly resourceVersion: string } {
    return { resourceVersion: this.resourceVersion };
  }
}

function line({ type, object }: { readonly type: string; readonly object: unknown }): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ type, object }) + "\n");
}

function expired(): Response {
  return status(410, "Expired", "The resourceVersion is too old.");
}

function status(code: number, reason: string, message: string): Response {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
  return Response.json(body, { status: code });
}
