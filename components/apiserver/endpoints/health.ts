import { type Counter, type Gauge, MetricRegistry } from "../../base/mod.ts";
import { type Endpoint, pageNotFound, textResponse } from "./endpoint.ts";

/** Throws, or rejects, while what it looks at is not well. */
export type HealthCheck = () => void | Promise<void>;
export type HealthRoot = "healthz" | "livez" | "readyz";

const ROOTS: readonly HealthRoot[] = ["healthz", "livez", "readyz"];

interface NamedCheck {
  readonly name: string;
  readonly check: HealthCheck;
  readonly roots: readonly HealthRoot[];
}

/** The named checks of a server, by the paths that ask for them. */
export class HealthChecks {
  readonly #checks: NamedCheck[] = [];
  /** What `/metrics/slis` shows: how the checks went when they were last asked. */
  readonly metrics = new MetricRegistry();
  readonly #state: Gauge;
  readonly #total: Counter;

  constructor() {
    this.#state = this.metrics.gauge(
      "kubernetes_healthcheck",
      "[STABLE] This metric records the result of a single healthcheck.",
      ["name", "type"],
    );
    this.#total = this.metrics.counter(
      "kubernetes_healthchecks_total",
      "[STABLE] This metric records the results of all healthcheck.",
      ["name", "status", "type"],
    );
    this.add("ping", () => {});
  }

  /** A check of all three paths, or only of those in `roots`. The last of a name holds. */
  add(name: string, check: HealthCheck, roots: readonly HealthRoot[] = ROOTS): void {
    const at = this.#checks.findIndex((each) => each.name === name);
    const named = { name, check, roots };
    if (at < 0) this.#checks.push(named);
    else this.#checks[at] = named;
  }

  /** Runs one check; answers what is wrong. */
  async run(root: HealthRoot, { name, check }: NamedCheck): Promise<string | undefined> {
    let problem: string | undefined;
    try {
      await check();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.#state.set(problem === undefined ? 1 : 0, name, root);
    this.#total.add(1, name, problem === undefined ? "success" : "error", root);
    return problem;
  }

  of(root: HealthRoot): readonly NamedCheck[] {
    return this.#checks.filter(({ roots }) => roots.includes(root));
  }

  /** Every path that asks for checks: the roots and one a check. */
  paths(): string[] {
    return ROOTS.flatMap((root) => [
      `/${root}`,
      ...this.of(root).map(({ name }) => `/${root}/${name}`),
    ]);
  }
}

/** `/healthz`, `/livez`, `/readyz`, and each check under them. */
export function serveHealth(checks: HealthChecks): Endpoint {
  return async ({ path, query }) => {
    const [root = "", ...rest] = path.slice(1).split("/");
    if (!isRoot(root)) return pageNotFound();
    const all = checks.of(root);
    if (rest.length === 0) {
      const run = (check: NamedCheck) => checks.run(root, check);
      return await summary(root, all, query.has("verbose"), query.getAll("exclude"), run);
    }
    const name = rest.join("/");
    const one = all.find((each) => each.name === name);
    if (one === undefined) return pageNotFound();
    const problem = await checks.run(root, one);
    return problem === undefined
      ? textResponse("ok")
      : textResponse(`internal server error: ${problem}\n`, 500);
  };
}

const isRoot = (name: string): name is HealthRoot => (ROOTS as readonly string[]).includes(name);

async function summary(
  root: HealthRoot,
  checks: readonly NamedCheck[],
  verbose: boolean,
  exclude: readonly string[],
  run: (check: NamedCheck) => Promise<string | undefined>,
): Promise<Response> {
  const excluded = new Set(exclude);
  const unknown = [...excluded].filter((name) => !checks.some((each) => each.name === name));
  const lines: string[] = [];
  let failed = false;
  const problems = await Promise.all(
    checks.map((each) => excluded.has(each.name) ? undefined : run(each)),
  );
  for (const [i, { name }] of checks.entries()) {
    if (excluded.has(name)) lines.push(`[+]${name} excluded: ok`);
    else if (problems[i] === undefined) lines.push(`[+]${name} ok`);
    else {
      // Why is for the server's own log, not for whoever may ask for health.
      lines.push(`[-]${name} failed: reason withheld`);
      failed = true;
    }
  }
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(", ");
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed) return textResponse(`${lines.join("\n")}\n${root} check failed\n`, 500);
  return textResponse(verbose ? `${lines.join("\n")}\n${root} check passed\n` : "ok");
}
