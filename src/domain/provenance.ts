/** Longest name of a client in a record, in characters. */
export const MAX_CLIENT_NAME = 100;

/** Codex program with which a run was started. */
export interface CodexFacts {
  /** Version that it reports; absent if it reports none. */
  codex_version?: string;
  /** Path, size, time and inode of the file, by which a later change of it is recognized. */
  codex_program?: string;
}

/** State of a worktree at the end of a run. */
export interface EndFacts {
  /** Commit that the worktree had checked out. */
  end_commit?: string;
}
