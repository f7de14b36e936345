import { statfs } from "node:fs/promises";
import type { NodeAddress } from "../api/mod.ts";
import type { Machine } from "./config.ts";

const UNKNOWN_ID = "00000000-0000-0000-0000-000000000000";

/** Reads what a node reports about its machine. `rootDirectory` says whose file system holds the pods' files. */
export async function readMachine(
  addresses: readonly NodeAddress[],
  rootDirectory: string,
): Promise<Machine> {
  const [memory, machineID, bootID, osRelease, disk, systemUUID] = await Promise.all([
    text("/proc/meminfo"),
    text("/etc/machine-id"),
    text("/proc/sys/kernel/random/boot_id"),
    text("/etc/os-release"),
    statfs(rootDirectory).catch(() => undefined),
    text("/sys/class/dmi/id/product_uuid"),
  ]);
  return {
    addresses,
    capacity: {
      cpu: String(navigator.hardwareConcurrency),
      memory: `${memoryTotal(memory)}Ki`,
      ...(disk === undefined
        ? {}
        : { "ephemeral-storage": `${Math.floor(disk.blocks * disk.bsize / 1024)}Ki` }),
    },
    machineID: machineID || bootID.replaceAll("-", ""),
    systemUUID: systemUUID || bootID || UNKNOWN_ID,
    bootID: bootID || UNKNOWN_ID,
    kernelVersion: Deno.osRelease(),
    osImage: prettyName(osRelease),
    operatingSystem: Deno.build.os,
    architecture: Deno.build.arch === "x86_64" ? "amd64" : "arm64",
  };
}

/** Kibibytes of memory by the text of /proc/meminfo. */
export function memoryTotal(meminfo: string): number {
  for (const line of meminfo.split("\n")) {
    if (line.startsWith("MemTotal:")) return Number.parseInt(line.slice(9).trim(), 10) || 0;
  }
  return 0;
}

/** The name of the system by the text of /etc/os-release. */
export function prettyName(osRelease: string): string {
  for (const line of osRelease.split("\n")) {
    if (!line.startsWith("PRETTY_NAME=")) continue;
    const value = line.slice("PRETTY_NAME=".length).trim();
    return value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return "Unknown";
}

async function text(path: string): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).trim();
  } catch {
    // Absent in containers and for users without the right to read it.
    return "";
  }
}
