import { readEnvironment, readProcess } from "./linux.ts";
import { listWindowsProcesses } from "./windows.ts";
import { readPs } from "./ps.ts";

/** Ancestor of this process. */
export interface Ancestor {
  pid: number;
  /** Returns whether it has a variable of that name, as far as its environment is readable. */
  hasVariable: (name: string) => boolean;
}

/** Lists the ancestors of this process, nearest first, without init. */
export function listAncestors(): Ancestor[] {
  if (process.platform === "linux") return climb((pid) => readProcess(pid)?.parent, hasVariableOnLinux);
  if (process.platform === "win32") {
    const parents = new Map(listWindowsProcesses().map(({ pid, parent }) => [pid, parent]));
    return climb(
      (pid) => parents.get(pid) ?? 0,
      () => false,
    );
  }
  const processes = new Map(readPs().map((each) => [each.pid, each]));
  return climb(
    (pid) => processes.get(pid)?.parent,
    (pid, name) => (processes.get(pid)?.command ?? "").includes(` ${name}=`),
  );
}

function climb(
  parentOf: (pid: number) => number | undefined,
  hasVariable: (pid: number, name: string) => boolean,
): Ancestor[] {
  const ancestors: Ancestor[] = [];
  const seen = new Set<number>();
  for (let pid = process.ppid; pid > 1 && !seen.has(pid); pid = parentOf(pid) ?? 0) {
    seen.add(pid);
    ancestors.push({ pid, hasVariable: (name) => hasVariable(pid, name) });
  }
  return ancestors;
}

function hasVariableOnLinux(pid: number, name: string): boolean {
  return readEnvironment(pid).includes(`\0${name}=`);
}
