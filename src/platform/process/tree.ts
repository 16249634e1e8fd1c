import { isRunning, listPids, readEnvironment, readProcess } from "./linux.ts";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "./identity.ts";
import { readPs } from "./ps.ts";
import { listWindowsProcesses } from "./windows.ts";

/** How to recognise the processes of one task, also those that left their parents' sessions. */
export interface ProcessFamily {
  /** The process whose descendants belong to it, where it is known. */
  root: ProcessIdentity | undefined;
  /** `NAME=value` that every member inherited in its environment, if it has not cleared that. */
  marker: string | undefined;
  /** On Linux, what finds also those that have cleared their environment. */
  traces?: FamilyTraces;
}

/** What a family leaves beside its marker. */
export interface FamilyTraces {
  /** To this process come members that lose their parents. */
  adopter?: number | undefined;
  /** `NAME=` of the environment of what the adopter has started for itself; that may also be in the adopter's session. */
  foreign?: string;
  /** The control group that its first process was put into. */
  cgroup?: string | undefined;
}

/** Returns the members of a family that live now by marker and parents, this process never among them. */
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

/** Returns the processes whose environment we may read and that have a variable of this name, with its value. */
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

/** Whether a process's environment holds exactly this `NAME=value`; false where we may not look. */
function hasMarker(pid: number, marker: string): boolean {
  return `${readEnvironment(pid)}\0`.includes(`\0${marker}\0`);
}

function identifyAll(pids: number[]): ProcessIdentity[] {
  return pids.map(identifyProcess).filter((identity) => identity !== undefined);
}

/** Windows shows nobody another process's environment: parent links have to do. */
function listOnWindows(family: ProcessFamily): ProcessIdentity[] {
  const processes = listWindowsProcesses().filter(({ pid }) => pid !== process.pid);
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  return identifyAll(selectMembers(family, parents, () => false));
}

/** Where there is no /proc: one `ps` with the environments of our own processes (BSD `-E`). */
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
