import { readdirSync, readFileSync } from "node:fs";

/** Returns the processes whose environment names a folder. */
export function processesOf(folder: string): { pid: number; command: string }[] {
  if (process.platform !== "linux") return processesByPs(folder);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && readProc(pid, "environ").includes(folder))
    .map((pid) => ({ pid, command: readProc(pid, "cmdline").replaceAll("\0", " ").trim() }));
}

function processesByPs(folder: string): { pid: number; command: string }[] {
  const listing = Bun.spawnSync(["ps", "-axwwE", "-o", "pid=,command="]).stdout.toString();
  const lines = listing.split("\n").filter((line) => line.includes(folder));
  return lines.map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+ /, "") }));
}

/** Returns a file of a process in /proc; empty if it is gone, or there is no /proc. */
export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

/** Kills processes, some of which may have ended by themselves. */
export function killAll(processes: readonly { pid: number }[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
