import { IS_LINUX, IS_WINDOWS } from "#base/system.ts";
import { darwinProcesses } from "./darwin.ts";
import { linuxProcesses } from "./linux.ts";
import { windowsProcesses } from "./windows.ts";

/** Calls about processes that every operating system answers in its own way: linux.ts, darwin.ts and windows.ts implement them. */
export interface ProcessSystem {
  /** Returns the id of the current boot, which is the same in all containers of the machine; undefined if it is not available. */
  readBootId: () => string | undefined;
  /** Whether the system has PID namespaces. */
  hasPidNamespaces: boolean;
  /** Returns the PID namespace of this process; empty if it is not available. */
  readPidNamespace: () => string;
  /** Returns text that distinguishes a process from others that had its pid; undefined if there is none, or only a zombie. */
  readStart: (pid: number) => string | undefined;
  /** Returns whether a process is stopped (SIGSTOP, Ctrl-Z, a debugger); false if unknown. */
  isStopped: (pid: number) => boolean;
  /** Returns whether a process, or one that it has started, waits for the other end of a named pipe; false if unknown. */
  isBlockedOnPipe: (pid: number) => boolean;
  /** Reads the table of processes. */
  readProcessTable: () => ProcessTable;
  /** Lists the processes, except this one, with a readable environment that contains this variable, with its value. */
  listWithVariable: (name: string) => { pid: number; value: string }[];
}

/** Processes of this machine; on Linux, each question about a single process is answered by /proc at that moment. */
export interface ProcessTable {
  /** Returns the parents of all running processes, except this one, by pid. */
  listParents: () => Map<number, number>;
  /** Returns the parent of a process; undefined if there is no such process. */
  parentOf: (pid: number) => number | undefined;
  /** Returns whether a process's environment contains exactly this `NAME=value`; false if it is not readable. */
  hasEntry: (pid: number, entry: string) => boolean;
  /** Returns whether a process's environment contains a variable; false if it is not readable. */
  hasVariable: (pid: number, name: string) => boolean;
}

/** Calls of the system that this program runs on. */
export const processSystem: ProcessSystem = IS_LINUX ? linuxProcesses : IS_WINDOWS ? windowsProcesses : darwinProcesses;
