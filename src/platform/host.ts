import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Where a pid means something: on one host, until it is started anew, in one PID namespace (a container has its own). */
export interface ProcessSpace {
  host: string;
  boot: string;
  /** Empty where the system has no such thing. */
  namespace: string;
}

const UNKNOWN = "unknown";

let boot: string | undefined;
let space: ProcessSpace | undefined;

/** Names the time since the machine was started; the same in all its containers. */
export function bootId(): string {
  boot ??= readBootId();
  return boot;
}

/** Returns where this process's pids mean something. */
export function ownSpace(): ProcessSpace {
  space ??= { host: hostname(), boot: bootId(), namespace: readNamespace() };
  return space;
}

/**
 * Whether pids that were noted there mean the same processes here. The host's name says nothing where boot and namespace are
 * known: a laptop gets another one in another network.
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
    // Not to be had: then no two processes agree on it by accident, since host and start times are compared too.
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
