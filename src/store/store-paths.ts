import { join } from "node:path";

/** Paths in the state folder. */
export interface StorePaths {
  home: string;
  tasks: string;
  database: string;
  /** Last probed result: whether Codex's sandbox works here. */
  sandboxProbe: string;
  /** Last probed result: the installed Codex's capabilities. */
  codexProbe: string;
  /** Folders of forgotten tasks that are being deleted. */
  removed: string;
  /** Worktrees of repositories whose parent folder is not writable. */
  worktrees: string;
  /** Codex processes that are kept ready for tasks, a folder each. */
  spares: string;
  /** Limits of accounts, as Codex reported them. */
  limits: string;
  /** Temporary worktrees in which commits are checked, a folder each. */
  checkouts: string;
  /** Locks that do not belong to a single task: the index, repositories. */
  locks: string;
  /** Known conflicts between worktrees, a file for each repository, and temporary objects of merges that are tried. */
  collisions: string;
}

/** Paths in one task's folder. */
export interface TaskPaths {
  folder: string;
  meta: string;
  prompt: string;
  /** Prompt of a further turn of the run. */
  followUp: string;
  log: string;
  stderr: string;
  /** Codex's complete last message: answers may be cut. */
  result: string;
  outputSchema: string;
  /** Files and lines of the diff that a review is about. */
  reviewedDiff: string;
  /** Output of the command that sets up the worktree. */
  setupLog: string;
  /** Output of the last check of its merged work. */
  mergeCheckLog: string;
  /** Output of the last check of the work. */
  checkLog: string;
  /** Last check of the work. */
  check: string;
  /** Path of the control group that Codex was put into. */
  cgroup: string;
  /** Last requested diff between its worktree and the base. */
  patch: string;
  /** Environment passed to the supervisor; deleted as soon as it is read. */
  handover: string;
  /** Under the read-only fallback: Codex's input, the task's instructions followed by its prompt. */
  readonlyInput: string;
  /** Under the read-only fallback: a folder for temporary files, removed after the run. */
  temporary: string;
  /** Under the read-only fallback: the run's own CODEX_HOME, removed after the run. */
  codexHome: string;
  /** Under the read-only fallback: restrictions that the kernel enforced. */
  confinement: string;
  /** Under the read-only fallback: snapshot of the workspace before the run, removed after the run. */
  workspaceSnapshot: string;
  /** Instructions that replace Codex's own; only if the request has any. */
  baseInstructions: string;
  /** Files for communication between processes during a run. */
  live: string;
  /** Lock of the process that starts the task, until the supervisor is running. */
  starterLock: string;
  /** Lock of the run's supervisor, or of the process that finishes a run without one. */
  ownerLock: string;
  /** Messages to the running task. */
  inbox: string;
  /** Questions of the task, and the answers to them. */
  questions: string;
  /** Number of supervisors that were started to continue the run between two of its turns. */
  continuations: string;
  /** Socket of the app-server that runs Codex. */
  appServer: string;
  /** Named pipe that an app-server without a socket reads. */
  appServerInput: string;
  /** File that an app-server without a socket writes to. */
  appServerOutput: string;
  /** Note with which the running task can be joined in Codex's own interface. */
  joinNote: string;
  /** Last heartbeat of the supervisor. */
  heartbeat: string;
  /** File written after each change of the task, which wakes the folder's watchers. */
  wake: string;
  /** Files of earlier runs, one folder each. */
  runs: string;
}

/** File name of {@link TaskPaths.wake}. */
export const WAKE_FILE = "wake";

/** Returns the paths in a state folder. */
export function storePaths(home: string): StorePaths {
  return {
    home,
    tasks: join(home, "tasks"),
    database: join(home, "codexmcp.db"),
    sandboxProbe: join(home, "sandbox-probe.json"),
    codexProbe: join(home, "codex-probe.json"),
    removed: join(home, "removed"),
    worktrees: join(home, "worktrees"),
    spares: join(home, "spares"),
    limits: join(home, "limits"),
    checkouts: join(home, "checkouts"),
    locks: join(home, "locks"),
    collisions: join(home, "collisions"),
  };
}

/** Returns the paths in a task's folder. */
export function taskPaths(home: string, taskId: string): TaskPaths {
  const folder = join(storePaths(home).tasks, taskId);
  const live = join(folder, "live");
  return {
    folder,
    meta: join(folder, "meta.json"),
    prompt: join(folder, "prompt.md"),
    followUp: join(folder, "follow-up.md"),
    log: join(folder, "codex-exec.log"),
    stderr: join(folder, "codex-stderr.log"),
    result: join(folder, "result.md"),
    outputSchema: join(folder, "output-schema.json"),
    reviewedDiff: join(folder, "reviewed-diff.json"),
    setupLog: join(folder, "setup.log"),
    mergeCheckLog: join(folder, "merge-check.log"),
    checkLog: join(folder, "check.log"),
    check: join(folder, "check.json"),
    cgroup: join(live, "cgroup"),
    patch: join(folder, "diff.patch"),
    handover: join(folder, "handover.json"),
    readonlyInput: join(folder, "readonly-input.md"),
    temporary: join(folder, "tmp"),
    codexHome: join(folder, "codex-home"),
    confinement: join(folder, "confinement.json"),
    baseInstructions: join(folder, "base-instructions.md"),
    workspaceSnapshot: join(folder, "workspace-snapshot"),
    live,
    starterLock: join(live, "starter.lock"),
    ownerLock: join(live, "owner.lock"),
    inbox: join(live, "inbox"),
    questions: join(live, "questions"),
    continuations: join(live, "continuations"),
    appServer: join(live, "app-server.sock"),
    appServerInput: join(live, "app-server.in"),
    appServerOutput: join(live, "app-server.out"),
    joinNote: join(live, "join.json"),
    heartbeat: join(live, "heartbeat.json"),
    wake: join(live, WAKE_FILE),
    runs: join(folder, "runs"),
  };
}

/** Returns the file with the differences between a task's work and that of another task. */
export function comparedPatchPath(home: string, taskId: string, otherId: string): string {
  return join(taskPaths(home, taskId).folder, `compared-with-${otherId}.patch`);
}

/** Returns the file that is locked while a run's Codex lives; each run of the task has its own. */
export function codexLockPath(home: string, { task_id, run }: { task_id: string; run: number }): string {
  return join(taskPaths(home, task_id).live, `codex-${run}.lock`);
}

/** Returns the file that is locked while a process gives the notices of a run's end; it is not in the task's folder, whose files the next run moves. */
export function noticesLockPath(home: string, { task_id, run }: { task_id: string; run: number }): string {
  return join(storePaths(home).locks, `notices-${task_id}.${run}.lock`);
}

/** Paths in the folder of a spare process. */
export interface SparePaths {
  folder: string;
  /** Lock of the server that started the process, until a task has it. */
  ownerLock: string;
  /** File that is locked while the process lives. */
  processLock: string;
  socket: string;
  stderr: string;
}

/** Returns the paths in the folder of a spare process. */
export function sparePaths(home: string, id: string): SparePaths {
  const folder = join(storePaths(home).spares, id);
  return {
    folder,
    ownerLock: join(folder, "owner.lock"),
    processLock: join(folder, "process.lock"),
    socket: join(folder, "app-server.sock"),
    stderr: join(folder, "stderr.log"),
  };
}

/** Paths of a temporary worktree in which a commit is checked. */
export interface CheckoutPaths {
  folder: string;
  /** Lock of the process that checks there. */
  ownerLock: string;
  /** Note of the worktree: its path and repository. */
  note: string;
  /** Output of the command that sets up the worktree. */
  setupLog: string;
  /** Output of the check. */
  checkLog: string;
}

/** Returns the paths of a temporary worktree. */
export function checkoutPaths(home: string, id: string): CheckoutPaths {
  const folder = join(storePaths(home).checkouts, id);
  return {
    folder,
    ownerLock: join(folder, "owner.lock"),
    note: join(folder, "note.json"),
    setupLog: join(folder, "setup.log"),
    checkLog: join(folder, "check.log"),
  };
}
