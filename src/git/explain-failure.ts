import { AppError, errnoOf, type ErrorCode } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";

/** A kind of failure, recognized by git's message. */
interface Explanation {
  pattern: RegExp;
  code: ErrorCode;
  /** Describes the failure, from the groups of the pattern and git's line. */
  describe: (found: readonly string[], said: string) => { message: string; hint: string };
}

const FULL_DISK_HINT =
  "Make room on that disk (df -h and df -i show what is left); codex-mcp-server clean removes old worktrees.";

/** A kind of failed system call. */
interface SystemFailure {
  /** English message of the C library. */
  words: string;
  hint: string;
  /** Error code; `file_system_refused` by default. */
  code?: ErrorCode;
}

const SYSTEM_FAILURES: Record<string, SystemFailure> = {
  ENAMETOOLONG: {
    words: "File name too long",
    hint: "Take a shorter topic, or set CODEXMCP_WORKTREES to a folder with a shorter path.",
    code: "name_too_long",
  },
  EROFS: { words: "Read-only file system", hint: "Mount it writable, or let a read-only task do what it can." },
  EACCES: {
    words: "Permission denied",
    hint: "Give the user that runs this server the right to write there (ls -ld shows who has it).",
  },
  EPERM: {
    words: "Operation not permitted",
    hint: "Look who owns it, and whether it is immutable (ls -ld, lsattr -d).",
  },
  ENOSPC: { words: "No space left on device", hint: FULL_DISK_HINT },
  EDQUOT: {
    words: "Disk quota exceeded",
    hint: "Make room within the quota (quota -s); codex-mcp-server clean removes old worktrees.",
  },
  EMFILE: {
    words: "Too many open files",
    hint: "Raise the limit of open files (ulimit -n) for the MCP client that starts this server.",
  },
  ENFILE: {
    words: "Too many open files in system",
    hint: "Close programs, or raise the system's limit (sysctl fs.file-max).",
  },
  ESTALE: {
    words: "Stale file handle",
    hint: "Mount the network file system again, and start the task again.",
  },
  ENOTCONN: {
    words: "Transport endpoint is not connected",
    hint: "Mount the file system again, and start the task again.",
  },
  EIO: { words: "Input/output error", hint: "Look at dmesg: the disk may be failing." },
  ELOOP: { words: "Too many levels of symbolic links", hint: "Remove the link that leads to itself." },
  ENOTDIR: { words: "Not a directory", hint: "Move the file away that stands in a folder's place." },
};

const BY_WORDS = new Map(Object.values(SYSTEM_FAILURES).map((failure) => [failure.words, failure]));

const EXPLANATIONS: Explanation[] = [
  {
    pattern: /dubious ownership in repository at '(.+?)'/s,
    code: "repository_untrusted",
    describe: ([path = ""]) => ({
      message: `git refuses the repository at ${path} because somebody else owns it.`,
      hint:
        `If you trust it: ${trust(path)}. In a container, run that in its image with --system in place of --global ` +
        "(docs/Dockerfile does so for /workspace), or start it as the user who owns the files (docker run --user).",
    }),
  },
  {
    pattern: /Unable to create '([^']+?\.lock)': File exists/,
    code: "repository_locked",
    describe: ([file = ""]) => ({
      message: `A lock file of git's is in the way: ${file}.`,
      hint: `Wait for the git command that holds it; where none is running, one has died: rm ${quoteForShell(file)}`,
    }),
  },
  {
    pattern: /'refs\/heads\/([^']+)' exists; cannot create '(?:refs\/heads\/)?([^']+)'/,
    code: "branch_blocked",
    describe: ([other = "", branch = ""]) => describeBlocked(other, branch),
  },
  {
    pattern: /there is a non-empty directory '([^']+)' blocking reference '(?:refs\/heads\/)?([^']+)'/,
    code: "branch_blocked",
    describe: ([folder = "", branch = ""]) => ({
      message: `The folder ${folder}, which is not empty, stands where git would keep the branch ${branch}.`,
      hint: `Look what is in it (ls -la ${quoteForShell(folder)}), and remove it.`,
    }),
  },
  {
    pattern:
      /Please tell me who you are|unable to auto-detect email address|empty ident|no (?:email|name) was given|user\.useConfigOnly/i,
    code: "identity_missing",
    describe: () => ({
      message: "git does not know under whose name to commit.",
      hint:
        'Set it for the user that runs this server: git config --global user.name "Your Name" && git config --global user.email you@example.com; ' +
        "or give this server GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL; in a container, mount your ~/.gitconfig.",
    }),
  },
  {
    pattern: /failed to sign|signing failed|gpg failed|user\.signingkey/i,
    code: "git_failed",
    describe: (_, said) => ({
      message: `git could not sign the commit, as commit.gpgSign asks for: ${said}`,
      hint: "Make signing work without a question (an agent that knows the key), or set commit.gpgSign to false.",
    }),
  },
  {
    pattern: /could not create (?:leading directories|directory) of '(.+?)': (?!File name too long)(.+)/,
    code: "worktree_folder_unusable",
    describe: ([path = "", why = ""]) => ({
      message: `No worktree can be made at ${path.replace(/\/\.git$/, "")}: ${why}.`,
      hint: "Let this server make folders there, or set CODEXMCP_WORKTREES to a folder in which it may.",
    }),
  },
  {
    pattern: /unknown repository extensions? found:\s*(\S+)|Expected git repo version <= \d+, found (\d+)/,
    code: "repository_unusable",
    describe: ([extension, version]) => ({
      message: `This git is too old for the repository, which uses ${extension || `format ${version ?? ""}`}.`,
      hint: "Update the git that this server finds in its PATH.",
    }),
  },
  {
    pattern: /promisor remote|lazy fetching (?:is )?disabled/i,
    code: "objects_missing",
    describe: (_, said) => ({
      message: `The clone is a partial one, and git could not fetch what it lacks: ${said}`,
      hint: "Make its remote reachable (git remote -v; git fetch), or clone it as a whole.",
    }),
  },
  {
    pattern: /Out of diskspace/,
    code: "file_system_refused",
    describe: (_, said) => ({ message: `The disk is full: ${said}`, hint: FULL_DISK_HINT }),
  },
  {
    pattern: /insufficient permission for adding an object to repository database (\S+)/,
    code: "repository_read_only",
    describe: ([objects = ""]) => ({
      message: `git may not write to its own folder ${objects}.`,
      hint: "Give the user that runs this server the right to write there (ls -ld shows who has it).",
    }),
  },
  {
    pattern: /unable to write (?:new |loose object )?file ([^:\n]+)$/m,
    code: "file_system_refused",
    describe: ([file = ""]) => ({
      message: `git could not write the file ${file}, and does not say why.`,
      hint: "Make room if the disk is full (df -h and df -i show what is left), or within your quota (quota -s); else look at dmesg.",
    }),
  },
];

const SYSTEM_CALL = new RegExp(`: (${[...BY_WORDS.keys()].join("|")})\\s*$`, "m");

/** Pattern of Bun's error for a program that could not be started. */
const NOT_STARTED = /^\w*Error: (E[A-Z]+): /;

/** Returns an explanation of git's error messages, if a user can fix the cause; undefined for any other failure. */
export function explainFailure(stderr: string): AppError | undefined {
  const said = firstError(stderr);
  for (const { pattern, code, describe } of EXPLANATIONS) {
    const found = pattern.exec(stderr);
    if (found === null) continue;
    const { message, hint } = describe(found.slice(1), said);
    return new AppError(code, message, hint);
  }
  const failure =
    BY_WORDS.get(SYSTEM_CALL.exec(stderr)?.[1] ?? "") ?? SYSTEM_FAILURES[NOT_STARTED.exec(stderr)?.[1] ?? ""];
  if (failure === undefined) return undefined;
  return new AppError(
    failure.code ?? "file_system_refused",
    `git failed: ${lineOf(stderr, SYSTEM_CALL)}.`,
    failure.hint,
  );
}

/** Returns an explanation of a failed system call of this program, by default on `path`, in the same words; undefined for other errors. */
export function explainSystemCall(path: string, thrown: unknown): AppError | undefined {
  const failure = SYSTEM_FAILURES[errnoOf(thrown) ?? ""];
  if (failure === undefined) return undefined;
  const { code = "file_system_refused", words, hint } = failure;
  const named = thrown instanceof Error && "path" in thrown && typeof thrown.path === "string" ? thrown.path : path;
  return new AppError(code, `${named} cannot be used: ${words}.`, hint, thrown);
}

/** Returns the error for a branch whose name is blocked by the name of another branch. */
export function blockedBranch(other: string, branch: string): AppError {
  const { message, hint } = describeBlocked(other, branch);
  return new AppError("branch_blocked", message, hint);
}

/**
 * Returns the commands that make git trust a repository; it checks the owner of the working tree in one case, and of the git
 * folder in another.
 */
function trust(path: string): string {
  const paths = /(?:^|\/)[^/]*\.git$/.test(path) ? [path] : [path, `${path}/.git`];
  return paths.map((each) => `git config --global --add safe.directory ${quoteForShell(each)}`).join(" && ");
}

function describeBlocked(other: string, branch: string): { message: string; hint: string } {
  return {
    message: `The branch ${other} keeps git from making ${branch}: of the two names, one would be a folder of the other.`,
    hint: `Rename it: git branch -m ${quoteForShell(other)} ${quoteForShell(`${other.replaceAll("/", "-")}-old`)}`,
  };
}

/** Returns git's first error line, without `fatal:` or `error:`; all that it said, but its hints, if there is none. */
export function firstError(stderr: string): string {
  return lineOf(stderr, /^(?:fatal|error):/);
}

function lineOf(stderr: string, pattern: RegExp): string {
  const lines = stderr.split("\n").filter((each) => !each.startsWith("hint:"));
  const line = lines.find((each) => pattern.test(each)) ?? lines.join("\n").trim();
  return line.replace(/^(?:fatal|error): /, "").trim();
}
