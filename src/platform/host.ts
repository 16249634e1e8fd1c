import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Scope in which a pid is meaningful: one host, one boot, one PID namespace (a container has its own). */
export interface ProcessSpace {
  host: string;
  boot: string;
  /** PID namespace; empty if the system has none. */
  namespace: string;
}

const UNKNOWN = "unknown";

let boot: string | undefined;
let space: ProcessSpace | undefined;

/** Returns the id of the current boot; it is the same in all containers of the machine. */
export function bootId(): string {
  boot ??= readBootId();
  return boot;
}

/** Returns the scope of this process's pids. */
export function ownSpace(): ProcessSpace {
  space ??= { host: hostname(), boot: bootId(), namespace: readNamespace() };
  return space;
}

/**
 * Returns whether pids recorded in a scope mean the same processes here. The host's name is ignored if boot and namespace are known: a
 * laptop gets another name in another network.
 */
export function isOwnSpace({ host, boot: since, namespace }: ProcessSpace): boolean {
  const own = ownSpace();
  const isKnown = since !== UNKNOWN && (namespace !== "" || process.platform !== "linux");
  return since === own.boot && namespace === own.namespace && (isKnown || host === own.host);
}

function readBootId(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    if (process.platform === "darwin") return askSysctl("kern.bootsessionuuid");
  } catch {
    // Not available: matches by accident are ruled out, since host and start times are compared too.
  }
  return UNKNOWN;
}

function askSysctl(name: string): string {
  const { stdout } = Bun.spawnSync(["/usr/sbin/sysctl", "-n", name], { stdin: "ignore", stderr: "ignore" });
  return stdout.toString().trim() || UNKNOWN;
}

function readNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
