import { joinCgroup } from "./cgroup.ts";
import { selfCommand } from "./self-command.ts";

/** A program whose processes are all to be found again. */
export interface ContainedStart {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** Standard input, output and error. */
  stdio: readonly [number | "ignore", number, number];
  /** A control group for it; without one, a process beside it keeps its orphans together. */
  cgroup: string | undefined;
  /** An open file that it inherits as its descriptor 3. */
  heldFile?: number | undefined;
}

/** Starts a program in a session of its own, so that what it starts is found also after both its parents have died. */
export function startContained(start: ContainedStart): Bun.Subprocess {
  const { folder, environment, stdio, cgroup, heldFile } = start;
  const isKept = cgroup === undefined && process.platform === "linux";
  const keeper = isKept ? keeperCommand(heldFile !== undefined) : [];
  const child = Bun.spawn([...keeper, ...start.command], {
    cwd: folder,
    env: { ...environment, PWD: folder },
    stdio: heldFile === undefined ? [...stdio] : [...stdio, heldFile],
    detached: true,
  });
  // Beside its start, which takes it longer than this takes: it has started nothing yet.
  if (cgroup !== undefined) void joinCgroup(cgroup, child.pid);
  return child;
}

function keeperCommand(hasHeldFile: boolean): string[] {
  return [...selfCommand(), "keep-orphans", ...(hasHeldFile ? ["--held-file"] : []), "--"];
}
