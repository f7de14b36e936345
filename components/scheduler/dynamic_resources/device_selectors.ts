import {
  CEL_DEVICE,
  celDevice,
  CelFailure,
  type CelProgram,
  CelTypes,
  compileCel,
} from "../../api/served.ts";
import type { NodeDevice } from "./pool_index.ts";
import { SelectorError } from "./selector_error.ts";

/** Upstream's bound of what one selector may cost on one device. */
const COST_MAXIMUM = 1_000_000;
/** Expressions whose answers are kept; those that are asked for least lately go first. */
const PROGRAMS_MAXIMUM = 256;

interface Compiled {
  readonly program: CelProgram | string;
  /** Answers last as long as the device's slice does not change. */
  readonly answers: WeakMap<object, boolean | string>;
}

/** Evaluates expressions about devices, each once a device. */
export class DeviceSelectors {
  readonly #programs = new Map<string, Compiled>();
  readonly #values = new WeakMap<object, unknown>();

  /** Whether a device is what an expression asks for. Throws SelectorError, whose text has no prefix yet. */
  matches(expression: string, { device, slice }: NodeDevice): boolean {
    const compiled = this.#compiled(expression);
    if (typeof compiled.program === "string") {
      throw new SelectorError(`CEL compile error: ${compiled.program}`);
    }
    let known = compiled.answers.get(device);
    if (known === undefined) {
      known = this.#ask(compiled.program, slice.driver, device);
      compiled.answers.set(device, known);
    }
    if (typeof known === "string") throw new SelectorError(`CEL runtime error: ${known}`);
    return known;
  }

  #ask(program: CelProgram, driver: string, device: NodeDevice["device"]): boolean | string {
    let value = this.#values.get(device);
    if (value === undefined) {
      value = celDevice(driver, device);
      this.#values.set(device, value);
    }
    const answer = program.evaluate({ device: value }, {
      callLimit: COST_MAXIMUM,
      remaining: COST_MAXIMUM,
    });
    if (answer instanceof CelFailure) return answer.message;
    return typeof answer === "boolean" ? answer : `result is no bool: ${JSON.stringify(answer)}`;
  }

  #compiled(expression: string): Compiled {
    const known = this.#programs.get(expression);
    if (known !== undefined) {
      // Who was asked last matters only where somebody has to go.
      if (this.#programs.size >= PROGRAMS_MAXIMUM) {
        this.#programs.delete(expression);
        this.#programs.set(expression, known);
      }
      return known;
    }
    const compilation = compileCel(expression, {
      variables: { device: CEL_DEVICE },
      // What an attribute is, is known when it is read.
      expects: [CelTypes.bool, CelTypes.dyn],
    });
    const compiled: Compiled = {
      program: compilation.ok ? compilation.program : compilation.message,
      answers: new WeakMap(),
    };
    this.#programs.set(expression, compiled);
    if (this.#programs.size > PROGRAMS_MAXIMUM) {
      const [oldest] = this.#programs.keys();
      if (oldest !== undefined) this.#programs.delete(oldest);
    }
    return compiled;
  }
}
