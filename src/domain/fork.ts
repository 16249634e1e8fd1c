/** Origin of a task that began as a copy of another. */
export interface ForkOrigin {
  /** Task that this one is a fork of; absent if the session was no task's. */
  forks?: string;
  /** Codex session that this task's session began as a copy of. */
  forks_session?: string;
}
