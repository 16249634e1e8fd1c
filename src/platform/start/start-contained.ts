import { closeSync } from "node:fs";
import { joinCgroup } from "#platform/process/cgroup.ts";
import { tryFlock } from "#platform/flock.ts";
import { selfCommand } from "#platform/self-command.ts";
import { IS_LINUX } from "#platform/system.ts";

/** Program whose processes can all be found again. */
export interface ContainedStart {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** Standard input, output and error. */
  stdio: readonly [number | "ignore", number, number];
  /** Control group for the program; without one, a helper process adopts its orphans. */
  cgroup: string | undefined;
  /** File that stays locked while the program, or a process that inherits the open file (descriptor 3), lives. */
  lockFile: string;
}

/** Starts a program in its own session, so that the processes it starts are found even after both its parents have died. */
export function startContained(start: ContainedStart): Bun.Subprocess {
  const { folder, environment, stdio, cgroup, lockFile } = start;
  const heldFile = tryFlock(lockFile) || undefined;
  const isKept = cgroup === undefined && IS_LINUX;
  const keeper = isKept ? keeperCommand(heldFile !== undefined) : [];
  try {
    const child = Bun.spawn([...keeper, ...start.command], {
      cwd: folder,
      env: { ...environment, PWD: folder },
      stdio: heldFile === undefined ? [...stdio] : [...stdio, heldFile],
      detached: true,
    });
    // Runs during the program's startup, which takes longer: it has not started anything yet.
    if (cgroup !== undefined) void joinCgroup(cgroup, child.pid);
    return child;
  } finally {
    // Our descriptor would keep it locked.
    if (heldFile !== undefined) closeSync(heldFile);
  }
}

function keeperCommand(hasHeldFile: boolean): string[] {
  return [...selfCommand(), "keep-orphans", ...(hasHeldFile ? ["--held-file"] : []), "--"];
}
