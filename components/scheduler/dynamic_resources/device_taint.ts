import type { Device, DeviceTaint, DeviceToleration } from "../../api/mod.ts";

function tolerates(toleration: DeviceToleration, taint: DeviceTaint): boolean {
  const { key = "", effect = "", operator = "Equal", value = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key === "" ? operator !== "Exists" : key !== taint.key) return false;
  return operator === "Exists" || operator === "Equal" && value === (taint.value ?? "");
}

/** Whether a taint keeps the device from those who do not tolerate it. Other effects say something to people. */
export function isTainted({ taints }: Device, tolerations: readonly DeviceToleration[]): boolean {
  for (const taint of taints ?? []) {
    if (taint.effect !== "NoSchedule" && taint.effect !== "NoExecute") continue;
    if (!tolerations.some((toleration) => tolerates(toleration, taint))) return true;
  }
  return false;
}
