import { join } from "node:path";

/** Where the state folder keeps things. */
export interface StorePaths {
  home: string;
  tasks: string;
  database: string;
  /** Whether Codex's sandbox works here, as last probed. */
  sandboxProbe: string;
  /** What the installed Codex can be asked for, as last probed. */
  codexProbe: string;
  /** Folders of tasks that were forgotten, on their way out. */
  removed: string;
  /** Worktrees of repositories beside which nothing can be written. */
  worktrees: string;
  /** Locks of what is not one task's: the index, repositories. */
  locks: string;
}

/** Where one task keeps things. */
export interface TaskPaths {
  folder: string;
  meta: string;
  prompt: string;
  log: string;
  stderr: string;
  /** Codex's last message, whole: answers may be cut. */
  result: string;
  outputSchema: string;
  /** What the set-up command of its worktree said. */
  setupLog: string;
  /** Names the control group that Codex was put into. */
  cgroup: string;
  /** What its worktree held against its base, when that was last asked for. */
  patch: string;
  /** The environment on its way to the supervisor; deleted as soon as it is read. */
  handover: string;
  /** Under the read-only fallback: what Codex is given, the task's instructions before its prompt. */
  readonlyInput: string;
  /** Under the read-only fallback: a folder for temporary files, gone with the run. */
  temporary: string;
  /** Under the read-only fallback: the run's own CODEX_HOME, gone with the run. */
  codexHome: string;
  /** Under the read-only fallback: what the kernel was made to refuse. */
  confinement: string;
  /** Under the read-only fallback: what the workspace was like before, gone with the run. */
  witness: string;
  /** What processes tell each other while a run lasts. */
  live: string;
  /** Held by the process that starts the task, until the supervisor has taken over. */
  starterLock: string;
  /** Held by the run's supervisor, or by whoever finishes a run that has lost its own. */
  ownerLock: string;
  /** The supervisor's last sign of life. */
  heartbeat: string;
  /** Written after each change of the task: wakes those who watch the folder. */
  wake: string;
  /** Earlier runs' files, a folder each. */
  runs: string;
}

/** The name of {@link TaskPaths.wake}. */
export const WAKE_FILE = "wake";

/** Returns the names below a state folder. */
export function storePaths(home: string): StorePaths {
  return {
    home,
    tasks: join(home, "tasks"),
    database: join(home, "codexmcp.db"),
    sandboxProbe: join(home, "sandbox-probe.json"),
    codexProbe: join(home, "codex-probe.json"),
    removed: join(home, "removed"),
    worktrees: join(home, "worktrees"),
    locks: join(home, "locks"),
  };
}

/** Returns the names below a task's folder. */
export function taskPaths(home: string, taskId: string): TaskPaths {
  const folder = join(storePaths(home).tasks, taskId);
  const live = join(folder, "live");
  return {
    folder,
    meta: join(folder, "meta.json"),
    prompt: join(folder, "prompt.md"),
    log: join(folder, "codex-exec.log"),
    stderr: join(folder, "codex-stderr.log"),
    result: join(folder, "result.md"),
    outputSchema: join(folder, "output-schema.json"),
    setupLog: join(folder, "setup.log"),
    cgroup: join(live, "cgroup"),
    patch: join(folder, "diff.patch"),
    handover: join(folder, "handover.json"),
    readonlyInput: join(folder, "readonly-input.md"),
    temporary: join(folder, "tmp"),
    codexHome: join(folder, "codex-home"),
    confinement: join(folder, "confinement.json"),
    witness: join(folder, "witness"),
    live,
    starterLock: join(live, "starter.lock"),
    ownerLock: join(live, "owner.lock"),
    heartbeat: join(live, "heartbeat.json"),
    wake: join(live, WAKE_FILE),
    runs: join(folder, "runs"),
  };
}

/** Returns the file that is locked for as long as a run's Codex lives; a later run of the task has another. */
export function codexLockOf(home: string, { task_id, run }: { task_id: string; run: number }): string {
  return join(taskPaths(home, task_id).live, `codex-${run}.lock`);
}
