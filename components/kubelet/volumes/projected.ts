import type { Pod, ProjectedVolumeSource } from "../../api/mod.ts";
import type { DownwardFacts } from "../downward_api.ts";
import { mainContainers } from "../pod_containers.ts";
import { addFile, type FileSet } from "./file_set.ts";
import type { ObjectWatcher } from "./object_watcher.ts";
import { configMapFiles, DEFAULT_MODE, downwardFiles, secretFiles } from "./payload.ts";
import type { TokenSource } from "./token_source.ts";

const TOKEN_EXPIRATION_SECONDS = 3600;
const PRIVATE_MODE = 0o600;

/** The files of a projected volume: of several sources for one path the later wins. */
export async function projectedFiles(
  pod: Pod,
  source: ProjectedVolumeSource,
  objects: Pick<ObjectWatcher, "configMap" | "secret">,
  tokens: TokenSource,
  facts: DownwardFacts,
): Promise<FileSet> {
  const namespace = pod.metadata?.namespace ?? "";
  const mode = source.defaultMode ?? DEFAULT_MODE;
  const files: FileSet = new Map();
  const take = (from: FileSet) => {
    for (const [path, file] of from) files.set(path, file);
  };
  for (const projection of source.sources ?? []) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
    if (configMap !== undefined) {
      const object = await objects.configMap(namespace, configMap.name ?? "");
      take(configMapFiles(configMap, object, mode));
    } else if (secret !== undefined) {
      const object = await objects.secret(namespace, secret.name ?? "");
      const { name, ...rest } = secret;
      take(
        secretFiles({ ...rest, ...(name === undefined ? {} : { secretName: name }) }, object, mode),
      );
    } else if (downwardAPI !== undefined) {
      take(downwardFiles(pod, downwardAPI.items ?? [], mode, facts));
    } else if (serviceAccountToken !== undefined) {
      const text = await tokens.token(pod, {
        audience: serviceAccountToken.audience,
        expirationSeconds: serviceAccountToken.expirationSeconds ?? TOKEN_EXPIRATION_SECONDS,
      });
      // A token is nobody else's where it is known who reads it.
      const owner = commonUser(pod);
      const isPrivate = owner !== undefined || pod.spec?.securityContext?.fsGroup !== undefined;
      addFile(files, serviceAccountToken.path ?? "", {
        bytes: new TextEncoder().encode(text),
        mode: isPrivate ? PRIVATE_MODE : mode,
        ...(owner === undefined ? {} : { owner }),
      });
    } else {
      const kind = Object.keys(projection)[0] ?? "";
      throw new Error(`projected source ${kind} is not supported on this node`);
    }
  }
  return files;
}

/** The one user that all containers of a pod run as; undefined when they differ or it is not said. */
function commonUser(pod: Pod): number | undefined {
  const shared = pod.spec?.securityContext?.runAsUser;
  const users = new Set(
    mainContainers(pod).map(({ spec }) => spec.securityContext?.runAsUser ?? shared),
  );
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
