import type { Container, HTTPGetAction, LifecycleHandler, Probe } from "../../generated/types.ts";
import type { IntOrString } from "../../intstr.ts";
import { httpHeaderProblems, portNameProblems, portNumberProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

/** The probes and lifecycle hooks of a container. */
export function validateHooks(
  container: Container,
  path: Path,
  errors: Errors,
  isSidecarOrMain: boolean,
): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  if (isSidecarOrMain) {
    for (const member of ["postStart", "preStop"] as const) {
      const hook = lifecycle?.[member];
      if (hook !== undefined) {
        validateHandler(hook, path.child("lifecycle").child(member), errors);
      }
    }
    validateProbe(livenessProbe, path.child("livenessProbe"), errors, true);
    validateProbe(readinessProbe, path.child("readinessProbe"), errors, false);
    validateProbe(startupProbe, path.child("startupProbe"), errors, true);
    return;
  }
  const text = "may not be set for init containers without restartPolicy=Always";
  for (
    const member of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const
  ) {
    if (container[member] !== undefined) errors.forbidden(path.child(member), text);
  }
}

function validateProbe(
  probe: Probe | undefined,
  path: Path,
  errors: Errors,
  endsContainer: boolean,
): void {
  if (probe === undefined) return;
  validateHandler(probe, path, errors);
  for (
    const member of [
      "initialDelaySeconds",
      "timeoutSeconds",
      "periodSeconds",
      "successThreshold",
      "failureThreshold",
    ] as const
  ) {
    nonNegative(probe[member], path.child(member), errors);
  }
  const { terminationGracePeriodSeconds: grace, successThreshold } = probe;
  if (grace !== undefined && endsContainer && grace <= 0) {
    errors.invalid(path.child("terminationGracePeriodSeconds"), grace, "must be greater than 0");
  }
  if (endsContainer && successThreshold !== undefined && successThreshold !== 1) {
    errors.invalid(path.child("successThreshold"), successThreshold, "must be 1");
  }
  if (!endsContainer && grace !== undefined) {
    errors.invalid(
      path.child("terminationGracePeriodSeconds"),
      grace,
      "must not be set for readinessProbes",
    );
  }
}

export function nonNegative(value: number | undefined, path: Path, errors: Errors): void {
  if (value !== undefined && value < 0) {
    errors.invalid(path, value, "must be greater than or equal to 0");
  }
}

function validateHandler(handler: Probe & LifecycleHandler, path: Path, errors: Errors): void {
  let handlers = 0;
  const once = (member: string): boolean => {
    if (handlers++ === 0) return true;
    errors.forbidden(path.child(member), "may not specify more than 1 handler type");
    return false;
  };
  if (handler.exec !== undefined && once("exec") && !handler.exec.command?.length) {
    errors.required(path.child("exec").child("command"));
  }
  if (handler.httpGet !== undefined && once("httpGet")) {
    validateHttpGet(handler.httpGet, path.child("httpGet"), errors);
  }
  if (handler.tcpSocket !== undefined && once("tcpSocket")) {
    validatePort(handler.tcpSocket.port, path.child("tcpSocket").child("port"), errors);
  }
  if (handler.grpc !== undefined && once("grpc")) {
    validatePort(handler.grpc.port, path.child("grpc").child("port"), errors);
  }
  const seconds = handler.sleep?.seconds;
  if (handler.sleep !== undefined && once("sleep") && seconds !== undefined && seconds < 0) {
    errors.invalid(path.child("sleep"), seconds, "must be greater than or equal to 0");
  }
  if (handlers === 0) errors.required(path, "must specify a handler type");
}

function validateHttpGet(http: HTTPGetAction, path: Path, errors: Errors): void {
  if (!http.path) errors.required(path.child("path"));
  validatePort(http.port, path.child("port"), errors);
  if (http.scheme !== "HTTP" && http.scheme !== "HTTPS") {
    errors.notSupported(path.child("scheme"), http.scheme ?? "", ["HTTP", "HTTPS"]);
  }
  for (const [i, { name = "" }] of (http.httpHeaders ?? []).entries()) {
    errors.invalidAll(
      path.child("httpHeaders").at(i).child("name"),
      name,
      httpHeaderProblems(name),
    );
  }
}

/** A port by number or by name. */
export function validatePort(port: IntOrString | undefined, path: Path, errors: Errors): void {
  if (typeof port === "string") errors.invalidAll(path, port, portNameProblems(port));
  else errors.invalidAll(path, port ?? 0, portNumberProblems(port ?? 0));
}
