import { cgroupSupport, missingRequirements } from "../host/mod.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly isFine: boolean;
  /** What was found; where it is not fine, what mends it. */
  readonly text: string;
}

/** Looks at what a cluster needs of this machine. */
export async function examineMachine(uid: number | null): Promise<Finding[]> {
  const rootless = uid !== 0;
  const missing = await missingRequirements(rootless);
  const cgroups = await cgroupSupport(uid ?? 0, rootless, "node-1");
  const findings: Finding[] = [
    { name: "Deno", isFine: true, text: Deno.version.deno },
    {
      name: "system",
      isFine: Deno.build.os === "linux",
      text: `${Deno.build.os} ${Deno.osRelease()}`,
    },
    {
      name: "programs",
      isFine: missing.programs.length === 0,
      text: missing.programs.length === 0
        ? "all there"
        : `missing: ${missing.programs.join(", ")}${
          missing.install === undefined ? "" : `; as root: ${missing.install}`
        }`,
    },
    ...missing.problems.map((text) => ({ name: "user", isFine: false, text })),
  ];
  findings.push({
    name: "limits",
    isFine: cgroups.limits,
    text: cgroups.limits
      ? `containers can be limited (cgroups ${cgroups.version})`
      : `containers run without limits: ${
        rootless ? "no cgroup is delegated to this user" : "cgroups cannot be written"
      } (cgroups ${cgroups.version})`,
  });
  return findings;
}
