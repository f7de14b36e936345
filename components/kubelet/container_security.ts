import type { Container, Pod } from "../api/mod.ts";
import { SetupError } from "./pod_setup.ts";
import type { ContainerSecurity, Image } from "./runtime.ts";

/** A container's security settings: its own over its pod's. Throws `SetupError` where it would run as root against its will. */
export function containerSecurity(pod: Pod, container: Container, image: Image): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  const seccomp = own.seccompProfile ?? shared.seccompProfile;
  const privileged = own.privileged === true;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) === true) {
    assertNotRoot(pod, container, runAsUser, image);
  }
  const groups = [...shared.supplementalGroups ?? []];
  if (shared.fsGroup !== undefined) groups.push(shared.fsGroup);
  return {
    privileged,
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: [...new Set(groups)],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    allowPrivilegeEscalation: privileged || own.allowPrivilegeEscalation !== false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    ...(seccomp?.type === undefined ? {} : {
      seccompProfile: seccomp.type === "Localhost"
        ? `Localhost/${seccomp.localhostProfile ?? ""}`
        : seccomp.type,
    }),
  };
}

function assertNotRoot(
  pod: Pod,
  container: Container,
  runAsUser: number | undefined,
  image: Image,
): void {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  const who = `(pod: "${name}_${namespace}(${uid})", container: ${container.name ?? ""})`;
  const fail = (why: string): never => {
    throw new SetupError("CreateContainerConfigError", `container${why} ${who}`);
  };
  if (runAsUser !== undefined) {
    if (runAsUser === 0) fail("'s runAsUser breaks non-root policy");
    return;
  }
  const user = (image.user ?? "").split(":", 1)[0] ?? "";
  if (user === "" || user === "0" || user === "root") {
    fail(" has runAsNonRoot and image will run as root");
  }
  if (!Number.isInteger(Number(user))) {
    fail(
      ` has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`,
    );
  }
}
