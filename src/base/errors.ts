/** Error codes that a user can see, with their meanings. docs/errors.md is generated from this list, so every code is documented. */
export const ERROR_CODES = {
  // The request cannot be carried out as given.
  invalid_argument: "A parameter is missing, unknown, or of the wrong type.",
  invalid_topic: "The topic does not follow `<type>-<description>-v<version>`.",
  invalid_cwd: "`cwd` is not an absolute path of an existing, readable directory.",
  invalid_prompt: "The prompt is empty or larger than 1 MiB.",
  invalid_session_id: "The session id does not have Codex's format.",
  invalid_image: "An image is not the absolute path of a readable file of at most 20 MiB, or there are more than 32.",
  invalid_configuration: "An environment variable of this server has an invalid value.",
  unknown_task: "No task has this id.",
  nothing_to_read: "The resource does not exist, or the task does not have that part yet.",
  unknown_profile: "Codex has no profile of this name; Codex itself would silently ignore it.",
  task_running: "A task of this topic is already running.",
  worktree_busy: "Another version of this topic is running in the same worktree.",
  repository_busy: "Another codex-mcp-server process has held the repository's lock for minutes.",
  port_in_use: "The port that `board` was to use belongs to another program.",
  program_moved: "The program file of this server was moved or removed after the server started.",
  not_steerable:
    "The task cannot be sent this message now: its engine takes none into a running turn, or it has just ended.",
  question_closed: "The question has an answer already, was withdrawn, or its task has ended.",
  engine_needed: "The request needs Codex's app-server, which the installed Codex or the configuration does not offer.",
  check_failed: "The check of the task's work failed; the work is kept.",
  unchecked_work: "The work to be merged has not passed a check, which `require_check` requires.",
  no_proof: "No proof of the task or commit exists, or it has neither a commit nor a result to prove.",
  proof_invalid: "The proof cannot be read: it does not have the form that this version knows.",
  signing_failed: "The proof could not be signed with the signing key of git's configuration.",
  budget: "The token limit of the task or of the day is reached; the work so far is kept.",
  goal_not_reached:
    "Codex ended without having reached the goal: its tokens are used, or Codex reports that it is blocked.",
  nested_task: "Codex asked for another task from within a task, which could repeat endlessly.",
  // A program is missing.
  codex_missing: "The Codex CLI was not found or cannot be started.",
  git_missing: "git was not found; tasks that change files need it.",
  editor_missing: "No editor with a window of its own was found, and nothing else that could show the folder.",
  tmux_missing: "tmux was not found; tasks that change files need it.",
  // The state of the repository prevents the request.
  repository_without_commit: "The repository has no commit, and a worktree needs one to start from.",
  repository_untrusted:
    "git refuses the repository: another user owns it, or it is a bare repository in another repository's working tree.",
  repository_unusable: "`cwd` is inside a git folder, or a path that git or Codex reads is not a regular file.",
  no_commit_holds_cwd: "No commit contains `cwd`, so a worktree would not have it.",
  repository_read_only: "The git folder is not writable, which tasks that change files need.",
  repository_locked: "A git lock file exists: a git command is running, or was killed.",
  branch_blocked: "Another branch, or a file in the git folder, prevents git from creating the task's branch.",
  worktree_moved: "The repository or a worktree was moved, so git can no longer find one from the other.",
  worktree_folder_unusable: "The folder for new worktrees cannot be used.",
  name_too_long: "The path of a worktree would be longer than the file system allows.",
  file_system_refused: "A file could not be read or written: no permission, no space, or an I/O error.",
  objects_missing: "The repository is a partial clone, and the remote that has the missing objects cannot be reached.",
  worktree_path_taken: "Something other than the task's worktree exists at the worktree's path.",
  worktree_on_other_branch: "The task's worktree has another branch checked out.",
  branch_checked_out: "The task's branch is checked out in another worktree.",
  branch_exists: "A branch of this name exists, and it is not the discarded one.",
  worktree_exists: "The task's worktree already exists, with another base than the requested one.",
  setup_failed: "The setup command of a new worktree failed.",
  no_worktree: "The task has no worktree: it was read-only, or ran outside git.",
  worktree_gone: "The task's worktree no longer exists.",
  worktree_unusable: "The worktree, a folder in it, or its parent folder cannot be read or written.",
  worktree_locked: "Another program or user has locked the worktree (`git worktree lock`).",
  worktree_not_ours: "The worktree or its branch existed before the task, so this server does not remove it.",
  worktree_has_repositories: "The worktree contains other git repositories, which cannot be saved.",
  ignored_too_large: "The worktree contains more ignored files than are saved by default.",
  merge_conflict: "The work conflicts with the branch; nothing was changed.",
  not_fast_forward: "The chosen strategy cannot merge this work; another one can.",
  checkout_dirty:
    "The merge would overwrite uncommitted changes in the working tree of the branch; nothing was changed.",
  uncommitted_work: "The worktree has uncommitted work, which a merge would leave behind.",
  unknown_branch: "There is no such branch, or the revision does not name a commit.",
  no_changes: "There are no changes to review.",
  nothing_salvaged: "No discarded work of this branch is kept.",
  identity_missing: "git has no name and email address for the author of a commit.",
  branch_in_use: "The branch is being rebased or bisected, or is checked out where it must not be moved or deleted.",
  git_failed: "A git command failed; the message is git's own.",
  tmux_failed: "A tmux command failed; the message is tmux's own.",
  tmux_session_exists: "A tmux session with the task's name exists and does not belong to this server.",
  // Outcomes of a run.
  codex_failed: "Codex reported that the turn failed, or exited with an error.",
  codex_incompatible: "The installed Codex CLI is too old, or does not support an argument that this server uses.",
  sandbox_unavailable: "Codex's own sandbox does not work on this machine, so its commands were not run.",
  not_logged_in: "Codex has no valid credentials.",
  rate_limited: "The account's quota or rate limit is used up.",
  unknown_session: "Codex has no session with this id.",
  session_busy: "Another process is writing to this Codex session.",
  network: "Codex could not reach the model.",
  review_unreadable:
    "Codex's answer to a review is not a list of findings, even after it was asked again; `result` has it.",
  no_terminal_event: "Codex exited without reporting that the turn was completed.",
  killed_by_signal: "Codex was ended by a signal that this server did not send.",
  timeout: "The run took longer than `timeout_seconds` and was ended.",
  idle_timeout: "Codex reported nothing for `idle_timeout_seconds`, and the run was ended.",
  interrupted:
    "A person who had joined the task interrupted its turn, and no message followed within `idle_timeout_seconds`.",
  cancelled: "The task was cancelled.",
  supervisor_lost: "The task's processes are gone, and its log has no terminal event.",
  start_failed: "The task's supervisor did not start.",
  // Setting up an MCP client (`install`).
  client_file_unreadable: "The MCP client's configuration file cannot be read or parsed; it was not changed.",
  client_file_unwritable:
    "The MCP client's configuration file cannot be written, or another program changed it in the meantime; it was not changed.",
  client_entry_taken: "The MCP client has an entry of this name that starts another program; it was not changed.",
  // Errors of this server.
  state_unusable: "The state folder or its database cannot be read or written.",
  state_newer: "A newer version of this program has used the state folder; this version can only list its tasks.",
  task_unreadable: "The task's folder or its `meta.json` is damaged or cannot be read.",
  internal: "An internal error of this server.",
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
        hint: "Find the codex-mcp-server process that is stopped (state T in ps) or hangs, and continue or end it.",
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
    hint: "Report this, with the server's stderr under CODEXMCP_LOG_LEVEL=debug.",
  };
}

/** Returns the errno name (`ENOENT`, …) of a failed system call, or undefined if the value is none. */
export function errnoOf(thrown: unknown): string | undefined {
  if (thrown instanceof Error && "code" in thrown && typeof thrown.code === "string") return thrown.code;
  return undefined;
}
