import { hostname } from "node:os";
import { processSystem } from "./process/system.ts";

/** Scope in which a pid is meaningful: one host, one boot, one PID namespace (a container has its own). */
export interface ProcessSpace {
  host: string;
  boot: string;
  /** PID namespace; empty if the system has none. */
  namespace: string;
}

/** Id of a boot that the system does not report; matches by accident are unlikely, since host and start times are compared too. */
const UNKNOWN = "unknown";

let boot: string | undefined;
let space: ProcessSpace | undefined;

/** Returns the id of the current boot; it is the same in all containers of the machine. */
export function bootId(): string {
  boot ??= processSystem.readBootId() ?? UNKNOWN;
  return boot;
}

/** Returns the scope of this process's pids. */
export function ownSpace(): ProcessSpace {
  space ??= { host: hostname(), boot: bootId(), namespace: processSystem.readPidNamespace() };
  return space;
}

/**
 * Returns whether pids recorded in a scope mean the same processes here. The host's name is ignored if boot and namespace are known: a
 * laptop gets another name in another network.
 */
export function isOwnSpace({ host, boot: since, namespace }: ProcessSpace): boolean {
  const own = ownSpace();
  const isKnown = since !== UNKNOWN && (namespace !== "" || !processSystem.hasPidNamespaces);
  return since === own.boot && namespace === own.namespace && (isKnown || host === own.host);
}
