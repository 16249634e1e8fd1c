/** Ways in which the end of a task is reported: `CODEXMCP_ON_END` and `CODEXMCP_WEBHOOK`. */
export type NoticeChannel = "command" | "webhook";

/** Notices of an end that were wanted, and what became of each. */
export type EndNotices = Partial<Record<NoticeChannel, NoticeState>>;

/**
 * State of a notice. `pending`: it is still to be given. `started`: the command is being started, so it may have run. `done`: the command
 * exited with 0, the receiver accepted the message. `unknown`: the process that ran the command was killed.
 */
export interface NoticeState {
  state: "pending" | "started" | "done" | "failed" | "unknown";
  /** Number of times that it was tried. */
  attempts?: number;
  /** Result of the last attempt, if that failed. */
  why?: string;
}

/** Returns whether a notice is still to be given, or its outcome to be recorded. */
export function isOpenNotice(notice: NoticeState | undefined): boolean {
  return notice?.state === "pending" || notice?.state === "started";
}

/** Describes the state of a notice in a few words. */
export function describeNotice({ state, attempts = 0, why }: NoticeState): string {
  const tried = attempts > 1 ? ` after ${attempts} attempts` : "";
  return why === undefined ? state + tried : `${state}${tried}: ${why}`;
}
