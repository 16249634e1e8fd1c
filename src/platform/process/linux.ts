import { closeSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { listNames } from "#base/paths.ts";
import { openPidfd, signalPidfd } from "#platform/libc.ts";
import type { ProcessSystem, ProcessTable } from "./system.ts";

/** Process in the form of `/proc/<pid>/stat`. */
export interface LinuxProcess {
  pid: number;
  parent: number;
  session: number;
  /** State of the process; `Z` only if none of its threads runs: the first thread may end before the others. */
  state: string;
  /** Start time in ticks since the boot; together with the pid, it identifies a process. */
  start: string;
}

/** Kernel function in which a process waits for another to open the other end of a named pipe. */
const WAITS_FOR_PARTNER = "wait_for_partner";

/** Calls about processes on Linux, answered by /proc. */
export const linuxProcesses: ProcessSystem = {
  readBootId,
  hasPidNamespaces: true,
  readPidNamespace,
  readStart,
  isStopped: (pid) => /^[Tt]$/.test(readProcess(pid)?.state ?? ""),
  isBlockedOnPipe,
  readProcessTable: () => PROCESS_TABLE,
  listWithVariable,
};

const PROCESS_TABLE: ProcessTable = {
  listParents,
  parentOf: (pid) => readProcess(pid)?.parent,
  hasEntry: (pid, entry) => `${readEnvironment(pid)}\0`.includes(`\0${entry}\0`),
  hasVariable: (pid, name) => readEnvironment(pid).includes(`\0${name}=`),
};

let boot: { id: string | undefined } | undefined;

function readBootId(): string | undefined {
  boot ??= { id: readBootIdOnce() };
  return boot.id;
}

function readBootIdOnce(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

function readPidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Returns the start of a running process: the id of the boot, shortened, and the ticks since then. */
function readStart(pid: number): string | undefined {
  const found = readProcess(pid);
  return isRunning(found) ? `${(readBootId() ?? "unknown").slice(0, 8)}:${found.start}` : undefined;
}

function isBlockedOnPipe(pid: number): boolean {
  if (readProc(`${pid}/wchan`).trim() === WAITS_FOR_PARTNER) return true;
  return listChildren(pid).some(isBlockedOnPipe);
}

function listParents(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const pid of listPids()) {
    const found = pid === process.pid ? undefined : readProcess(pid);
    if (isRunning(found)) parents.set(pid, found.parent);
  }
  return parents;
}

function listWithVariable(name: string): { pid: number; value: string }[] {
  return listPids().flatMap((pid) => {
    if (pid === process.pid) return [];
    const entry = readEnvironment(pid)
      .split("\0")
      .find((each) => each.startsWith(`${name}=`));
    return entry === undefined ? [] : [{ pid, value: entry.slice(name.length + 1) }];
  });
}

/** Reads a process from /proc; undefined if it does not exist. Its name may contain spaces and parentheses. */
export function readProcess(pid: number): LinuxProcess | undefined {
  const text = readProc(`${pid}/stat`);
  if (text === "") return undefined; // there is none, or it ended while it was read
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent, , session] = fields;
  const hasThreads = Number(fields[17]) > 1;
  return {
    pid,
    parent: Number(parent),
    session: Number(session),
    state: state === "Z" && hasThreads ? "S" : state,
    start: fields[19] ?? "",
  };
}

/** Returns whether a process is running: neither gone nor a zombie. */
export function isRunning(found: LinuxProcess | undefined): found is LinuxProcess {
  return found !== undefined && found.state !== "Z" && found.state !== "X";
}

/** Lists the pids in /proc. */
export function listPids(): number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** Lists the children of a process without reading any other process; empty if the kernel keeps no such list. */
export function listChildren(pid: number): number[] {
  return listNames(`/proc/${pid}/task`).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
}

/** Returns a process's environment, each entry between NULs; empty if it is not readable, and during an exec. */
export function readEnvironment(pid: number): string {
  return `\0${readProc(`${pid}/environ`)}`;
}

/**
 * Sends a signal to this exact process, never to another with a reused pid.
 * @returns whether it was sent
 */
export function signalExactly({ pid, start }: Pick<LinuxProcess, "pid" | "start">, signal: NodeJS.Signals): boolean {
  const opened = openPidfd(pid);
  try {
    // Check after opening: if the process with this pid is the expected one, it is also the opened one.
    if (readProcess(pid)?.start !== start) return false;
    if (opened !== undefined) return signalPidfd(opened, constants.signals[signal]);
    return process.kill(pid, signal);
  } catch {
    return false; // gone, or not ours
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Returns the text of a file below /proc; empty if it does not exist or is not readable. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return ""; // gone, or not ours
  }
}
