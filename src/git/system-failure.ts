import { AppError, errnoOf, type ErrorCode } from "#base/errors.ts";

/** A kind of failed system call. */
interface SystemFailure {
  /** English message of the C library. */
  words: string;
  hint: string;
  /** Error code; `file_system_refused` by default. */
  code?: ErrorCode;
}

export const FULL_DISK_HINT =
  "Free space on that disk (df -h and df -i show what is left), or remove old worktrees (codex-mcp-server clean).";
export const NO_PERMISSION_HINT =
  "Give the user that runs this server access to it (ls -ld shows the owner and the permissions).";

const SYSTEM_FAILURES: Record<string, SystemFailure> = {
  ENAMETOOLONG: {
    words: "File name too long",
    hint: "Choose a shorter topic, or set CODEXMCP_WORKTREES to a folder with a shorter path.",
    code: "name_too_long",
  },
  EROFS: { words: "Read-only file system", hint: "Remount the file system writable, then try again." },
  EACCES: { words: "Permission denied", hint: NO_PERMISSION_HINT },
  EPERM: {
    words: "Operation not permitted",
    hint: "Check its owner, and that it is not immutable (ls -ld, lsattr -d).",
  },
  ENOSPC: { words: "No space left on device", hint: FULL_DISK_HINT },
  EDQUOT: {
    words: "Disk quota exceeded",
    hint: "Free space within the quota (quota -s shows it), or remove old worktrees (codex-mcp-server clean).",
  },
  EMFILE: {
    words: "Too many open files",
    hint: "Raise the limit of open files (ulimit -n) for the MCP client that starts this server.",
  },
  ENFILE: {
    words: "Too many open files in system",
    hint: "Close programs, or raise the system's limit (sysctl fs.file-max).",
  },
  ESTALE: { words: "Stale file handle", hint: "Mount the network file system again, then try again." },
  ENOTCONN: { words: "Transport endpoint is not connected", hint: "Mount the file system again, then try again." },
  EIO: { words: "Input/output error", hint: "Check dmesg: the disk may be failing." },
  ELOOP: { words: "Too many levels of symbolic links", hint: "Remove the symbolic link that points to itself." },
  ENOTDIR: { words: "Not a directory", hint: "Move away the file that is in the place of a folder." },
};

const BY_WORDS = new Map(Object.values(SYSTEM_FAILURES).map((failure) => [failure.words, failure]));

/** Pattern of the end of a line of git's messages that names a failed system call. */
export const SYSTEM_CALL = new RegExp(`: (${[...BY_WORDS.keys()].join("|")})\\s*$`, "m");

/** Pattern of Bun's error for a program that could not be started. */
const NOT_STARTED = /^\w*Error: (E[A-Z]+): /;

/** Finds the failed system call that git's messages name; undefined if they name none that a user can fix. */
export function findSystemFailure(stderr: string): SystemFailure | undefined {
  return BY_WORDS.get(SYSTEM_CALL.exec(stderr)?.[1] ?? "") ?? SYSTEM_FAILURES[NOT_STARTED.exec(stderr)?.[1] ?? ""];
}

/** Returns the error for a failed system call of this program, by default on `path`; undefined for other errors. */
export function explainSystemCall(path: string, thrown: unknown): AppError | undefined {
  const failure = SYSTEM_FAILURES[errnoOf(thrown) ?? ""];
  if (failure === undefined) return undefined;
  const { code = "file_system_refused", words, hint } = failure;
  const named = thrown instanceof Error && "path" in thrown && typeof thrown.path === "string" ? thrown.path : path;
  return new AppError(code, `${named} cannot be used: ${words}.`, hint, thrown);
}

/** Describes a failed system call of this program for another message; the hint is missing if a user cannot fix it where it happened. */
export function describeSystemCall(thrown: unknown): { reason: string; hint?: string } {
  const code = errnoOf(thrown);
  const failure = SYSTEM_FAILURES[code ?? ""];
  if (failure === undefined) return { reason: code ?? String(thrown) };
  const { words, hint, code: isOfOwnKind } = failure;
  return { reason: words, ...(isOfOwnKind === undefined && { hint }) };
}
