import { AppError, type ErrorCode } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { findSystemFailure, FULL_DISK_HINT, NO_PERMISSION_HINT, SYSTEM_CALL } from "./system-failure.ts";

/** A kind of failure, recognized by git's message. */
interface Explanation {
  pattern: RegExp;
  code: ErrorCode;
  /** Describes the failure, from the groups of the pattern and git's line. */
  describe: (found: readonly string[], said: string) => { message: string; hint: string };
}

const EXPLANATIONS: Explanation[] = [
  {
    pattern: /dubious ownership in repository at '(.+?)'/s,
    code: "repository_untrusted",
    describe: ([path = ""]) => ({
      message: `git refuses the repository at ${path} because another user owns it.`,
      hint:
        `If you trust it, mark it as safe (${trust(path)}); for a container, do so in its image with --system instead of --global ` +
        "(docs/Dockerfile does so for /workspace), or run it as the user who owns the files (docker run --user).",
    }),
  },
  {
    pattern: /cannot use bare repository '(.+?)' \(safe\.bareRepository/s,
    code: "repository_untrusted",
    describe: ([path = ""]) => ({
      message: `git refuses the bare repository at ${path}: safe.bareRepository is "explicit" in your configuration.`,
      hint: "Use one of its working trees as cwd.",
    }),
  },
  {
    pattern: /Unable to create '([^']+?\.lock)': File exists/,
    code: "repository_locked",
    describe: ([file = ""]) => ({
      message: `The git lock file ${file} exists.`,
      hint: `Wait for the git command that holds it or, if none is running, remove the file (rm ${quoteForShell(file)}).`,
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
      message: `The folder ${folder}, which is not empty, prevents git from creating branch ${branch}.`,
      hint: `Check its contents (ls -la ${quoteForShell(folder)}), then remove it.`,
    }),
  },
  {
    pattern:
      /Please tell me who you are|unable to auto-detect email address|empty ident|no (?:email|name) was given|user\.useConfigOnly/i,
    code: "identity_missing",
    describe: () => ({
      message: "git has no name and email address to commit with.",
      hint:
        'Set them for the user that runs this server (git config --global user.name "Your Name" && git config --global user.email you@example.com), ' +
        "set GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL for this server or, in a container, mount your ~/.gitconfig.",
    }),
  },
  {
    pattern: /failed to sign|signing failed|gpg failed|user\.signingkey/i,
    code: "git_failed",
    describe: (_, said) => ({
      message: `git could not sign the commit, as commit.gpgSign requires: ${endSentence(said)}`,
      hint: "Make signing work without a prompt (with an agent that has the key), or set commit.gpgSign to false.",
    }),
  },
  {
    pattern: /could not create (?:leading directories|directory) of '(.+?)': (?!File name too long)(.+)/,
    code: "worktree_folder_unusable",
    describe: ([path = "", why = ""]) => ({
      message: `Cannot create a worktree at ${path.replace(/\/\.git$/, "")}: ${why}.`,
      hint: "Let this server create folders there, or set CODEXMCP_WORKTREES to a writable folder.",
    }),
  },
  {
    pattern: /unknown repository extensions? found:\s*(\S+)|Expected git repo version <= \d+, found (\d+)/,
    code: "repository_unusable",
    describe: ([extension, version]) => ({
      message: `This git is too old for the repository, which uses ${extension || `format ${version ?? ""}`}.`,
      hint: "Update the git in this server's PATH.",
    }),
  },
  {
    pattern: /promisor remote|lazy fetching (?:is )?disabled/i,
    code: "objects_missing",
    describe: (_, said) => ({
      message: `git could not fetch missing objects of the partial clone: ${endSentence(said)}`,
      hint: "Make its remote reachable (git remote -v shows it), or clone the repository completely.",
    }),
  },
  {
    pattern: /unknown write failure on standard output/,
    code: "file_system_refused",
    describe: () => ({ message: "git could not write all of its output.", hint: FULL_DISK_HINT }),
  },
  {
    pattern: /Out of diskspace/,
    code: "file_system_refused",
    describe: (_, said) => ({ message: `The disk is full: ${endSentence(said)}`, hint: FULL_DISK_HINT }),
  },
  {
    pattern: /insufficient permission for adding an object to repository database (\S+)/,
    code: "repository_read_only",
    describe: ([objects = ""]) => ({
      message: `git has no permission to write to ${objects}.`,
      hint: NO_PERMISSION_HINT,
    }),
  },
  {
    pattern: /unable to write (?:new |loose object )?file ([^:\n]+)$/m,
    code: "file_system_refused",
    describe: ([file = ""]) => ({
      message: `git could not write ${file} and gave no reason.`,
      hint: "Free space if the disk or the quota is full (df -h, df -i, quota -s), or check dmesg.",
    }),
  },
];

/** Returns the error for a failed git command, with a hint. @param stderr git's messages in the C locale */
export function gitFailure(folder: string, args: readonly string[], stderr: string): AppError {
  return (
    explainFailure(stderr) ??
    new AppError(
      "git_failed",
      `${describeCommand(args)} failed in ${folder}: ${endSentence(firstError(stderr) || "no message")}`,
      "Run the same command there by hand to see the cause.",
    )
  );
}

/** Returns the name of a command for messages. */
export function describeCommand(args: readonly string[]): string {
  // A setting given with -c is not a subcommand.
  const command = args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "-c");
  return `git ${command ?? args[0] ?? ""}`.trim();
}

/** Returns an explanation of git's error messages, if a user can fix the cause; undefined for any other failure. */
function explainFailure(stderr: string): AppError | undefined {
  const said = firstError(stderr);
  for (const { pattern, code, describe } of EXPLANATIONS) {
    const found = pattern.exec(stderr);
    if (found === null) continue;
    const { message, hint } = describe(found.slice(1), said);
    return new AppError(code, message, hint);
  }
  const failure = findSystemFailure(stderr);
  if (failure === undefined) return undefined;
  return new AppError(
    failure.code ?? "file_system_refused",
    `git failed: ${lineOf(stderr, SYSTEM_CALL)}.`,
    failure.hint,
  );
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
    message: `Branch ${other} prevents git from creating ${branch}: one name would be a folder of the other.`,
    hint: `Rename it (git branch -m ${quoteForShell(other)} ${quoteForShell(`${other.replaceAll("/", "-")}-old`)}).`,
  };
}

/** Returns git's first error line, without `fatal:` or `error:`; without such a line, all its messages except its hints. */
function firstError(stderr: string): string {
  return lineOf(stderr, /^(?:fatal|error):/);
}

/** Adds a full stop to a text of git's, if it has none. */
function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function lineOf(stderr: string, pattern: RegExp): string {
  const lines = stderr.split("\n").filter((each) => !each.startsWith("hint:"));
  const line = lines.find((each) => pattern.test(each)) ?? lines.join("\n").trim();
  return line.replace(/^(?:fatal|error): /, "").trim();
}
