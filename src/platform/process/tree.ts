import { identifyProcess, isProcessAlive, type ProcessIdentity } from "./identity.ts";
import { type ProcessTable, processSystem } from "./system.ts";

/** Criteria for recognising the processes of one task, including those that left their parents' sessions. */
export interface ProcessFamily {
  /** Process whose descendants belong to the family, if known. */
  root: ProcessIdentity | undefined;
  /** Set if the root is a server, which ends its work before it heeds a first SIGINT; a second one ends it at once. */
  isServer?: boolean;
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
  const members = selectMembers(family, processSystem.readProcessTable());
  return members.map(identifyProcess).filter((identity) => identity !== undefined);
}

function selectMembers({ root, marker }: ProcessFamily, table: ProcessTable): number[] {
  const parents = table.listParents();
  const rootPid = root !== undefined && isProcessAlive(root) ? root.pid : undefined;
  return [...parents.keys()].filter(
    (pid) =>
      (rootPid !== undefined && descendsFrom(pid, rootPid, parents)) ||
      (marker !== undefined && table.hasEntry(pid, marker)),
  );
}

function descendsFrom(pid: number, root: number, parents: Map<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
    if (at === root) return true;
  }
  return false;
}

/** Lists the processes, except this one, with a readable environment that contains this variable, with its value. */
export function listProcessesWith(variable: string): { pid: number; value: string }[] {
  return processSystem.listWithVariable(variable);
}

/** Ancestor of this process. */
export interface Ancestor {
  pid: number;
  /** Returns whether its environment contains a variable of that name; false if it is not readable. */
  hasVariable: (name: string) => boolean;
}

/** Lists the ancestors of this process, nearest first, without init. */
export function listAncestors(): Ancestor[] {
  const table = processSystem.readProcessTable();
  const ancestors: Ancestor[] = [];
  const seen = new Set<number>();
  for (let pid = process.ppid; pid > 1 && !seen.has(pid); pid = table.parentOf(pid) ?? 0) {
    seen.add(pid);
    ancestors.push({ pid, hasVariable: (name) => table.hasVariable(pid, name) });
  }
  return ancestors;
}
