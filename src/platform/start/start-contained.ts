import { closeSync } from "node:fs";
import { joinCgroup } from "#platform/process/cgroup.ts";
import { tryFlock } from "#platform/flock.ts";
import { selfCommand } from "#platform/self-command.ts";

/** A program whose processes are all to be found again. */
export interface ContainedStart {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** Standard input, output and error. */
  stdio: readonly [number | "ignore", number, number];
  /** A control group for it; without one, a process beside it keeps its orphans together. */
  cgroup: string | undefined;
  /** Locked for as long as it, or what inherits the open file from it (descriptor 3), lives. */
  lockFile: string;
}

/** Starts a program in a session of its own, so that what it starts is found also after both its parents have died. */
export function startContained(start: ContainedStart): Bun.Subprocess {
  const { folder, environment, stdio, cgroup, lockFile } = start;
  const heldFile = tryFlock(lockFile) || undefined;
  const isKept = cgroup === undefined && process.platform === "linux";
  const keeper = isKept ? keeperCommand(heldFile !== undefined) : [];
  try {
    const child = Bun.spawn([...keeper, ...start.command], {
      cwd: folder,
      env: { ...environment, PWD: folder },
      stdio: heldFile === undefined ? [...stdio] : [...stdio, heldFile],
      detached: true,
    });
    // Beside its start, which takes it longer than this takes: it has started nothing yet.
    if (cgroup !== undefined) void joinCgroup(cgroup, child.pid);
    return child;
  } finally {
    // Ours would keep it locked.
    if (heldFile !== undefined) closeSync(heldFile);
  }
}

function keeperCommand(hasHeldFile: boolean): string[] {
  return [...selfCommand(), "keep-orphans", ...(hasHeldFile ? ["--held-file"] : []), "--"];
}
