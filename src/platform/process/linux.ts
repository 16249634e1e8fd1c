import { closeSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { listNames } from "#base/paths.ts";
import { openPidfd, signalPidfd } from "#platform/libc.ts";

/** A process as `/proc/<pid>/stat` shows it. */
export interface LinuxProcess {
  pid: number;
  parent: number;
  session: number;
  /** `Z` only where nothing of it runs any more: a first thread may end before the others. */
  state: string;
  /** Start time in ticks since the boot: with the pid, it names one process. */
  start: string;
}

/** Returns what /proc says of a process; undefined where there is none. The name may itself hold spaces and parentheses. */
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

/** Whether a process runs: neither gone nor a zombie. */
export function isRunning(found: LinuxProcess | undefined): found is LinuxProcess {
  return found !== undefined && found.state !== "Z" && found.state !== "X";
}

/** Lists the pids that /proc shows. */
export function listPids(): number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** Lists the children of a process without looking at any other; none where the kernel keeps no such list. */
export function listChildren(pid: number): number[] {
  return listNames(`/proc/${pid}/task`).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
}

/** Returns a process's environment, each entry between NULs; empty where nobody may look, and during an exec. */
export function readEnvironment(pid: number): string {
  return `\0${readProc(`${pid}/environ`)}`;
}

/** Sends a signal to this very process, and to no other that was given its pid. @returns whether it was sent */
export function signalExactly({ pid, start }: Pick<LinuxProcess, "pid" | "start">, signal: NodeJS.Signals): boolean {
  const opened = openPidfd(pid);
  try {
    // Looked at after it was opened: what has the pid now is what was opened, if it is the one that is meant.
    if (readProcess(pid)?.start !== start) return false;
    if (opened !== undefined) return signalPidfd(opened, constants.signals[signal]);
    return process.kill(pid, signal);
  } catch {
    return false; // gone, or not ours
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Returns the text of a file below /proc; empty where there is none, or nobody may look. */
export function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return ""; // gone, or not ours
  }
}
