/** Error codes that a user can meet, with their meanings. docs/errors.md is generated from this list, so every code is documented. */
export const ERROR_CODES = {
  // The request cannot be carried out as given.
  invalid_argument: "A parameter is missing, unknown, or of the wrong type.",
  invalid_topic: "The topic does not follow `<type>-<description>-v<version>`.",
  invalid_cwd: "`cwd` is not an absolute path of an existing, readable directory.",
  invalid_prompt: "The prompt is empty or larger than 1 MiB.",
  invalid_session_id: "The session id cannot be one of Codex's.",
  invalid_image: "An image is not the absolute path of a readable file of at most 20 MiB, or there are more than 32.",
  invalid_configuration: "An environment variable of this server has a value that it cannot have.",
  unknown_task: "No task has this id.",
  nothing_to_read: "There is no such resource, or the task has no such part (yet).",
  unknown_profile: "Codex has no profile of this name (Codex itself would ignore it in silence).",
  task_running: "This topic is running already.",
  worktree_busy: "Another version of this topic is running in the same worktree.",
  repository_busy: "Another process of this server has been working on the repository for minutes.",
  program_moved: "This server's own program file is gone or was moved since the server was started.",
  nested_task: "A task's own Codex asked for a task: that would start itself over and over.",
  // A program is missing.
  codex_missing: "The Codex CLI was not found or cannot be started.",
  git_missing: "git was not found; full-access tasks need it.",
  tmux_missing: "tmux was not found; full-access tasks need it.",
  // The state of the repository prevents it.
  repository_without_commit: "A worktree needs a commit to start from and the repository has none.",
  repository_untrusted:
    "git refuses the repository because somebody else owns it, or it is a bare one within another's working tree.",
  repository_unusable:
    "`cwd` is inside git's own folder, or something that is no file stands where git or Codex would read one.",
  no_commit_holds_cwd: "No commit holds `cwd`, so a worktree would be without it.",
  repository_read_only: "git's folder cannot be written to, which full-access tasks need.",
  repository_locked: "A lock file of git's is in the way: a git command is running, or one has died.",
  branch_blocked: "Another branch, or a file in git's folder, stands where git would keep the task's branch.",
  worktree_moved: "The repository or a worktree was moved, and git no longer finds one from the other.",
  worktree_folder_unusable: "The folder in which worktrees are to stand cannot be used.",
  name_too_long: "A worktree's path would be longer than the file system takes.",
  file_system_refused: "The file system refused what git had to read or write: no rights, full, or failing.",
  objects_missing: "The clone is a partial one, and the remote that has the rest cannot be reached.",
  worktree_path_taken: "Something that is not the task's worktree stands where it would be made.",
  worktree_on_other_branch: "The task's worktree has another branch checked out.",
  branch_checked_out: "The task's branch is checked out in another worktree.",
  branch_exists: "A branch of this name exists and is not the one that was discarded.",
  worktree_exists: "The task's worktree exists already, and began from something else than what was asked for.",
  setup_failed: "The set-up command of a new worktree failed.",
  no_worktree: "The task has no worktree: it only read, or ran outside git.",
  worktree_gone: "The task's worktree is not there.",
  worktree_unusable: "The worktree, a folder in it or the one that it stands in cannot be read or written.",
  worktree_locked: "Somebody else has locked the worktree (`git worktree lock`).",
  worktree_not_ours: "The worktree, or its branch, was there before the task, so this server does not remove it.",
  worktree_has_repositories: "The worktree holds git repositories of its own, which cannot be saved.",
  ignored_too_large: "The worktree holds more ignored files than are saved without being asked.",
  merge_conflict: "The work conflicts with the branch; nothing was changed.",
  not_fast_forward: "The chosen strategy cannot merge this; another one can.",
  checkout_dirty: "The merge would overwrite changes in the working tree that has the branch; nothing was changed.",
  uncommitted_work: "The worktree has work that is not committed, which a merge would leave behind.",
  unknown_branch: "There is no such branch, or the revision means no commit.",
  nothing_salvaged: "Nothing is kept of a worktree of this branch.",
  identity_missing: "git knows no name and address to make a commit with.",
  branch_in_use: "The branch is being rebased or bisected, or is checked out where it must not be moved or deleted.",
  git_failed: "A git command failed; the message is git's own.",
  tmux_failed: "A tmux command failed; the message is tmux's own.",
  tmux_session_exists: "A tmux session of the task's name exists and is not ours.",
  // Outcomes of a run.
  codex_failed: "Codex reported that the turn failed, or ended with an error.",
  codex_incompatible: "The installed Codex CLI refuses an argument that this server gives it.",
  sandbox_unavailable: "Codex's own sandbox cannot work on this machine, so its commands were not run.",
  not_logged_in: "Codex has no valid credentials.",
  rate_limited: "The account's quota or rate limit is used up.",
  unknown_session: "Codex knows no session of this id.",
  session_busy: "Another process is writing to this Codex session.",
  network: "Codex could not reach the model.",
  no_terminal_event: "Codex ended without saying that the turn was completed.",
  killed_by_signal: "Codex was ended by a signal that this server did not send.",
  timeout: "The run was ended because `timeout_seconds` had passed.",
  idle_timeout: "The run was ended because Codex reported nothing for `idle_timeout_seconds`.",
  cancelled: "The task was cancelled.",
  supervisor_lost: "The task's processes are gone and left no terminal event.",
  start_failed: "The task's supervisor did not start.",
  // Setting up an MCP client (`install`).
  client_file_unreadable: "The MCP client's configuration file is not what it should be; it was left as it is.",
  client_missing: "The MCP client's own command line was not found.",
  client_failed: "The MCP client's own command line failed; the message is its own.",
  // Faults of this server.
  state_unusable: "The state folder or its database cannot be read or written.",
  state_newer: "A newer version of this program has used the state folder; this one can only list its tasks.",
  task_unreadable: "The task's folder or its `meta.json` is not what it should be.",
  internal: "A fault of this server.",
} as const;

/** Code from the closed list {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Failure as it is reported to a person or an agent, stored as a value, e.g. in a task's record. */
export interface Failure {
  code: ErrorCode;
  /** One plain sentence. */
  message: string;
  /** Next step for the reader. */
  hint: string;
}

/** Error that carries a {@link Failure}. Only `mcp/` (tool result) and `cli/` (stderr and exit code) turn it into text. */
export class AppError extends Error implements Failure {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** Converts any thrown value to a {@link Failure}: an AppError stays as it is, others become `internal` or `state_unusable`. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof AppError) {
    return { code: thrown.code, message: thrown.message, hint: thrown.hint };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // Only the store uses SQLite; its failed system calls are AppErrors already.
  if (thrown instanceof Error && thrown.name === "SQLiteError") {
    if (message.includes("database is locked")) {
      return {
        code: "state_unusable",
        message: "The task index cannot be written: another process has been writing to it for many seconds.",
        hint: "Look for a codex-mcp-server process that is stopped (state T in ps) or hangs, and continue or end it.",
      };
    }
    return {
      code: "state_unusable",
      message: `The task store cannot be used: ${message}.`,
      hint: "Check that the state folder (CODEXMCP_HOME, default ~/.codexmcp) is writable and its disk is not full.",
    };
  }
  return {
    code: "internal",
    message: `The server failed: ${message}.`,
    hint: "Please report this, with the server's stderr under CODEXMCP_LOG_LEVEL=debug.",
  };
}

/** Returns the errno name (`ENOENT`, …) of a failed system call, or undefined if the value is none. */
export function errnoOf(thrown: unknown): string | undefined {
  if (thrown instanceof Error && "code" in thrown && typeof thrown.code === "string") return thrown.code;
  return undefined;
}
