import type { Container, ContainerPort, EnvVar, PodSpec } from "../../generated/types.ts";
import type { Path } from "../path.ts";
import { fractionWarnings } from "./volumes.ts";

const BYTES = ["memory", "ephemeral-storage"];

/** What is odd in the containers of a pod, in upstream's order. */
export function containerWarnings(spec: PodSpec | undefined, path: Path): string[] {
  const found: string[] = [];
  const all: (readonly [Container, Path])[] = [];
  for (const member of ["initContainers", "containers", "ephemeralContainers"] as const) {
    for (const [i, container] of (spec?.[member] ?? []).entries()) {
      all.push([container, path.child(member).at(i)]);
    }
  }
  for (const [{ env, resources }, at] of all) {
    for (const name of BYTES) {
      for (const member of ["limits", "requests"] as const) {
        const amounts = at.child("resources").child(member);
        found.push(...fractionWarnings(resources?.[member], [name], amounts));
      }
    }
    found.push(...variableWarnings(env ?? [], at.child("env")));
  }
  found.push(...portWarnings(all));
  return found;
}

function variableWarnings(env: readonly EnvVar[], path: Path): string[] {
  const names = new Set<string>();
  return env.flatMap(({ name = "", value = "", valueFrom }, i) => {
    if (!names.has(name)) {
      names.add(name);
      return [];
    }
    const reference = `$(${name})`;
    // It may well make something of what it takes the place of.
    if (valueFrom === undefined && value !== reference && value.includes(reference)) return [];
    return [
      `${path.at(i)}: hides previous definition of ${
        JSON.stringify(name)
      }, which may be dropped when using apply`,
    ];
  });
}

function portWarnings(containers: readonly (readonly [Container, Path])[]): string[] {
  const found: string[] = [];
  const places = new Map<string, (readonly [ContainerPort, Path])[]>();
  for (const [{ ports }, path] of containers) {
    for (const [i, port] of (ports ?? []).entries()) {
      const at = path.child("ports").at(i);
      if (port.hostIP && !port.hostPort) {
        found.push(`${at}: hostIP set without hostPort: ${shown(port)}`);
      }
      const place = `${port.containerPort}/${port.protocol}`;
      const others = places.get(place) ?? [];
      for (const [other, where] of others) {
        const how = clash(port, other);
        if (how !== undefined) found.push(`${at}: ${how} port definition with ${where}`);
      }
      places.set(place, [...others, [port, at]]);
    }
  }
  return found;
}

function clash(a: ContainerPort, b: ContainerPort): string | undefined {
  const [ip, other] = [a.hostIP ?? "", b.hostIP ?? ""];
  const [port, taken] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (ip === other && port === taken) return "duplicate";
  if (port === 0 || taken === 0) return "overlapping";
  if (port === taken && (ip === "") !== (other === "")) return "dangerously ambiguous";
  return undefined;
}

/** As upstream prints one. */
function shown(port: ContainerPort): string {
  const { name = "", hostPort = 0, containerPort = 0, protocol = "", hostIP = "" } = port;
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
