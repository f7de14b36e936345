/** A ConfigMap of about 1 KB as stored. */
export function smallConfigMap(i: number): unknown {
  return configMap(i, 700);
}

/** A ConfigMap with so many bytes of data. */
export function configMap(i: number, bytes: number): unknown {
  const line = `setting.${i}=the value that this program starts with\n`;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configMapName(i), labels: { app: "web" } },
    data: { "settings.properties": line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes) },
  };
}

export function configMapName(i: number): string {
  return `settings-${String(i).padStart(6, "0")}`;
}
