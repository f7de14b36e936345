import type { JsonObject } from "../../base/mod.ts";
import { at, type Fill, fill, isEmpty } from "./fill.ts";
import { imagePullPolicy } from "./image.ts";

const FILE_MODE = 0o644;
/** Seconds a projected service-account token lives. */
const TOKEN_SECONDS = 3600;

export const FIELD_REF: Fill = fill({ empty: { apiVersion: "v1" } });
const FIELD_ITEMS: Fill = fill({ each: { items: fill({ within: { fieldRef: FIELD_REF } }) } });

const HOST_PATH: Fill = fill({ absent: { type: "" } });
const RBD: Fill = fill({
  empty: { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" },
});
const ISCSI: Fill = fill({ empty: { iscsiInterface: "default" } });
const SCALE_IO: Fill = fill({ empty: { storageMode: "ThinProvisioned", fsType: "xfs" } });
const AZURE_DISK: Fill = fill({
  absent: { cachingMode: "ReadWrite", fsType: "ext4", readOnly: false, kind: "Shared" },
});

const SOURCES: Readonly<Record<string, Fill>> = {
  hostPath: HOST_PATH,
  rbd: RBD,
  iscsi: ISCSI,
  azureDisk: AZURE_DISK,
  scaleIO: SCALE_IO,
};

export const CLAIM_SPEC: Fill = fill({ absent: { volumeMode: "Filesystem" } });

export const PERSISTENT_VOLUME_SOURCE: Fill = fill({ within: SOURCES });

/** A pod's volume. One without any source is an empty directory. */
export const VOLUME: Fill = fill({
  first(volume: JsonObject) {
    let sources = 0;
    for (const member in volume) if (member !== "name" && volume[member] !== undefined) sources++;
    if (sources === 0) volume["emptyDir"] = {};
  },
  within: {
    ...SOURCES,
    image: (image) => {
      if (isEmpty(image["pullPolicy"])) image["pullPolicy"] = imagePullPolicy(image["reference"]);
    },
    secret: fill({ absent: { defaultMode: FILE_MODE } }),
    configMap: fill({ absent: { defaultMode: FILE_MODE } }),
    downwardAPI: (source) => {
      source["defaultMode"] ??= FILE_MODE;
      FIELD_ITEMS(source);
    },
    projected: fill({
      absent: { defaultMode: FILE_MODE },
      each: {
        sources: fill({
          within: {
            downwardAPI: FIELD_ITEMS,
            serviceAccountToken: fill({ absent: { expirationSeconds: TOKEN_SECONDS } }),
          },
        }),
      },
    }),
    ephemeral: at("volumeClaimTemplate.spec", CLAIM_SPEC),
  },
});
