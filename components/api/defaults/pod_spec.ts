import type { JsonObject } from "../../base/mod.ts";
import { at, type Fill, fill, isEmpty } from "./fill.ts";
import { imagePullPolicy } from "./image.ts";
import { FIELD_REF, VOLUME } from "./volume.ts";

const HTTP_GET: Fill = fill({ empty: { path: "/", scheme: "HTTP" } });
const PROBE: Fill = fill({
  empty: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  within: { httpGet: HTTP_GET, grpc: fill({ absent: { service: "" } }) },
});
const HANDLER: Fill = fill({ within: { httpGet: HTTP_GET } });

const CONTAINER: Fill = fill({
  first(container: JsonObject) {
    if (isEmpty(container["imagePullPolicy"])) {
      container["imagePullPolicy"] = imagePullPolicy(container["image"]);
    }
  },
  empty: { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" },
  // Not a pointer in Go: upstream always shows it.
  absent: { resources: {} },
  within: {
    livenessProbe: PROBE,
    readinessProbe: PROBE,
    startupProbe: PROBE,
    lifecycle: fill({ within: { postStart: HANDLER, preStop: HANDLER } }),
  },
  each: {
    ports: fill({ empty: { protocol: "TCP" } }),
    env: at(
      "valueFrom",
      fill({
        within: { fieldRef: FIELD_REF, fileKeyRef: fill({ absent: { optional: false } }) },
      }),
    ),
  },
});

/** What every pod spec gets, in a pod or in a template. */
export const POD_SPEC: Fill = fill({
  empty: {
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
  },
  absent: { securityContext: {}, terminationGracePeriodSeconds: 30 },
  first: mirrorServiceAccount,
  each: {
    volumes: VOLUME,
    initContainers: CONTAINER,
    containers: CONTAINER,
    ephemeralContainers: CONTAINER,
  },
});

/** The template of a workload: `<path>.template.spec`. */
export const TEMPLATE: Fill = at("template.spec", POD_SPEC);
export const SPEC_TEMPLATE: Fill = at("spec", TEMPLATE);

/** `serviceAccount` is the old name of `serviceAccountName`: upstream always shows both. */
function mirrorServiceAccount(spec: JsonObject): void {
  if (isEmpty(spec["serviceAccountName"]) && !isEmpty(spec["serviceAccount"])) {
    spec["serviceAccountName"] = spec["serviceAccount"];
  }
  if (!isEmpty(spec["serviceAccountName"])) spec["serviceAccount"] = spec["serviceAccountName"];
}
