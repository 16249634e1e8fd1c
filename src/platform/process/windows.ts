import * as v from "valibot";
import type { ProcessSystem, ProcessTable } from "./system.ts";

/** Process as listed by Windows. */
interface WindowsProcess {
  pid: number;
  parent: number;
  /** Start time in Windows's own format. */
  start: string;
}

/**
 * Calls about processes on Windows: PowerShell lists them, and environments of other processes are not readable. Not tested on a real
 * Windows: see docs/decisions/008.
 */
export const windowsProcesses: ProcessSystem = {
  readBootId: () => undefined,
  hasPidNamespaces: false,
  readPidNamespace: () => "",
  readStart,
  isStopped: () => false,
  isBlockedOnPipe: () => false,
  readProcessTable,
  listWithVariable: () => [],
};

const PROCESS_QUERY =
  "Get-CimInstance Win32_Process | ForEach-Object { [pscustomobject]@{ " +
  "pid = [int]$_.ProcessId; parent = [int]$_.ParentProcessId; start = [string]$_.CreationDate.ToFileTimeUtc() } } | ConvertTo-Json -Compress";

const ListSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(v.object({ pid: v.number(), parent: v.number(), start: v.nullable(v.string()) })),
);

/** Time in milliseconds for which a list is reused: listing takes a third of a second, and Windows does not reuse a pid this soon. */
const CACHE_LIFETIME_MS = 2000;

let known: { processes: WindowsProcess[]; at: number } | undefined;

function readProcessTable(): ProcessTable {
  const processes = listWindowsProcesses().filter(({ pid }) => pid !== process.pid);
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  return {
    listParents: () => parents,
    parentOf: (pid) => parents.get(pid),
    hasEntry: () => false,
    hasVariable: () => false,
  };
}

/** Lists all processes; the list is at most two seconds old. */
function listWindowsProcesses(): WindowsProcess[] {
  if (known !== undefined && performance.now() - known.at < CACHE_LIFETIME_MS) return known.processes;
  const list = v.safeParse(ListSchema, askPowerShell());
  const processes = list.success
    ? list.output.map(({ pid, parent, start }) => ({ pid, parent, start: start ?? "" }))
    : [];
  known = { processes, at: performance.now() };
  return processes;
}

/** Runs PowerShell; returns an empty text if it is missing or forbidden by a policy. */
function askPowerShell(): string {
  try {
    const shell = Bun.spawnSync(["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", PROCESS_QUERY], {
      stderr: "ignore",
    });
    return shell.stdout.toString();
  } catch {
    return "";
  }
}

/** Returns the start time of a process; undefined if the pid does not exist, `unknown` if Windows does not report it. */
function readStart(pid: number): string | undefined {
  if (!exists(pid)) return undefined;
  const listed = findStart(pid);
  if (listed !== undefined) return listed;
  known = undefined; // it is younger than the list
  return findStart(pid) ?? "unknown";
}

function findStart(pid: number): string | undefined {
  return listWindowsProcesses().find((each) => each.pid === pid)?.start;
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
