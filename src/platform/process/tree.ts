import { isRunning, listPids, readEnvironment, readProcess } from "./linux.ts";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "./identity.ts";
import { readPs } from "./ps.ts";
import { listWindowsProcesses } from "./windows.ts";

/** Criteria for recognising the processes of one task, including those that left their parents' sessions. */
export interface ProcessFamily {
  /** Process whose descendants belong to the family, if known. */
  root: ProcessIdentity | undefined;
  /** Environment entry `NAME=value` that every member inherits, unless it clears its environment. */
  marker: string | undefined;
  /** Criteria that, on Linux, also find members that have cleared their environment. */
  traces?: FamilyTraces;
}

/** Criteria for members of a family besides the marker. */
export interface FamilyTraces {
  /** Process that adopts members when they lose their parents. */
  adopter?: number | undefined;
  /** Prefix `NAME=` of an environment entry that marks processes started for the adopter itself; these may be in the adopter's session. */
  foreign?: string;
  /** Control group that the family's first process was put into. */
  cgroup?: string | undefined;
}

/** Lists the running members of a family by marker and parents, never including this process. */
export function listFamily(family: ProcessFamily): ProcessIdentity[] {
  if (process.platform === "win32") return listOnWindows(family);
  if (process.platform !== "linux") return listByPs(family);
  const parents = new Map<number, number>();
  for (const pid of listPids()) {
    const found = pid === process.pid ? undefined : readProcess(pid);
    if (isRunning(found)) parents.set(pid, found.parent);
  }
  return identifyAll(selectMembers(family, parents, hasMarker));
}

function selectMembers(
  family: ProcessFamily,
  parents: Map<number, number>,
  isMarked: (pid: number, marker: string) => boolean,
): number[] {
  const root = family.root !== undefined && isProcessAlive(family.root) ? family.root.pid : undefined;
  return [...parents.keys()].filter(
    (pid) =>
      (root !== undefined && descendsFrom(pid, root, parents)) ||
      (family.marker !== undefined && isMarked(pid, family.marker)),
  );
}

function descendsFrom(pid: number, root: number, parents: Map<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
    if (at === root) return true;
  }
  return false;
}

/** Lists the processes with a readable environment that contains this variable, with its value. */
export function processesWith(variable: string): { pid: number; value: string }[] {
  if (process.platform === "win32") return [];
  if (process.platform !== "linux") return listVariableByPs(variable);
  return listPids().flatMap((pid) => {
    if (pid === process.pid) return [];
    const entry = readEnvironment(pid)
      .split("\0")
      .find((each) => each.startsWith(`${variable}=`));
    return entry === undefined ? [] : [{ pid, value: entry.slice(variable.length + 1) }];
  });
}

/** Returns whether a process's environment contains exactly this `NAME=value`; false if it is not readable. */
function hasMarker(pid: number, marker: string): boolean {
  return `${readEnvironment(pid)}\0`.includes(`\0${marker}\0`);
}

function identifyAll(pids: number[]): ProcessIdentity[] {
  return pids.map(identifyProcess).filter((identity) => identity !== undefined);
}

/** Lists the members on Windows by parent links, since environments of other processes are not readable. */
function listOnWindows(family: ProcessFamily): ProcessIdentity[] {
  const processes = listWindowsProcesses().filter(({ pid }) => pid !== process.pid);
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  return identifyAll(selectMembers(family, parents, () => false));
}

/** Lists the members without /proc, by one `ps` with the environments of our own processes (BSD `-E`). */
function listByPs(family: ProcessFamily): ProcessIdentity[] {
  const processes = readPs();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const commands = new Map(processes.map(({ pid, command }) => [pid, command]));
  const isMarked = (pid: number, marker: string) => ` ${commands.get(pid)} `.includes(` ${marker} `);
  return identifyAll(selectMembers(family, parents, isMarked));
}

function listVariableByPs(variable: string): { pid: number; value: string }[] {
  return readPs().flatMap(({ pid, command }) => {
    const [, value] = new RegExp(` ${variable}=(\\S+)`).exec(command) ?? [];
    return value === undefined ? [] : [{ pid, value }];
  });
}
