import type { Clock, Logger } from "../../base/mod.ts";
import type { APIService, CustomResourceDefinition, KubeObject } from "../../api/served.ts";
import { ControlLoop } from "../../reconcile/mod.ts";
import type { ObjectReader, ObjectWriter } from "../ports.ts";

const GROUP = "apiregistration.k8s.io";
const RESOURCE = "apiservices";
const AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged";
/** Upstream's, for whatever a definition brings. */
const GROUP_PRIORITY = 1000;
const VERSION_PRIORITY = 100;

export interface AutoRegistrationOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps an APIService for every version that a CustomResourceDefinition serves, and none for what is gone. */
export class AutoRegistration {
  readonly #options: AutoRegistrationOptions;
  readonly #loop: ControlLoop;

  constructor(options: AutoRegistrationOptions) {
    this.#options = options;
    const { clock, logger } = options;
    this.#loop = new ControlLoop({
      name: "crd-registration",
      clock,
      logger,
      reconcile: (key) => this.#sync(key),
    });
  }

  start(): () => void {
    const { reader } = this.#options;
    const add = (object: KubeObject | undefined) => {
      const { spec } = (object ?? {}) as CustomResourceDefinition;
      for (const { name } of spec?.versions ?? []) this.#loop.queue.add(`${name}.${spec?.group}`);
    };
    const ends = [
      reader.onChange("apiextensions.k8s.io", "customresourcedefinitions", (change) => {
        add(change.current);
        add(change.previous);
      }),
      // Who deletes one that is needed gets it back.
      reader.onChange(GROUP, RESOURCE, ({ current, previous }) => {
        if (current === undefined) this.#loop.queue.add(previous?.metadata?.name ?? "");
      }),
    ];
    for (const each of this.#definitions()) add(each);
    for (const each of reader.list<APIService>(GROUP, RESOURCE)) {
      if (each.metadata?.labels?.[AUTOMANAGED] === "true") {
        this.#loop.queue.add(each.metadata.name ?? "");
      }
    }
    this.#loop.start();
    return () => {
      for (const end of ends) end();
      this.#loop.end().catch(() => {});
    };
  }

  #definitions(): CustomResourceDefinition[] {
    return this.#options.reader.list<CustomResourceDefinition>(
      "apiextensions.k8s.io",
      "customresourcedefinitions",
    );
  }

  async #sync(name: string): Promise<void> {
    const { reader, writer } = this.#options;
    const dot = name.indexOf(".");
    const [version, group] = [name.slice(0, dot), name.slice(dot + 1)];
    const wanted = this.#definitions().some(({ spec }) =>
      spec?.group === group &&
      spec.versions?.some((each) => each.name === version && each.served === true) === true
    );
    const existing = reader.get<APIService>(GROUP, RESOURCE, "", name);
    if (wanted && existing === undefined) {
      await writer.create<APIService>(GROUP, RESOURCE, {
        apiVersion: `${GROUP}/v1`,
        kind: "APIService",
        metadata: { name, labels: { [AUTOMANAGED]: "true" } },
        spec: {
          group,
          version,
          groupPriorityMinimum: GROUP_PRIORITY,
          versionPriority: VERSION_PRIORITY,
        },
      });
    } else if (!wanted && existing?.metadata?.labels?.[AUTOMANAGED] === "true") {
      await writer.delete(GROUP, RESOURCE, "", name);
    }
  }
}
