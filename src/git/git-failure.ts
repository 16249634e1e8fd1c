import { AppError, type ErrorCode } from "#lib/errors.ts";

/** A git command that failed. */
interface FailedCommand {
  command: string;
  folder: string;
  /** What git called an error, of all that it said. */
  said: string;
  /** The parts that the pattern has found. */
  found: RegExpExecArray;
}

/** A failure that its user can do something about, known by git's own words in the language C. */
interface KnownFailure {
  pattern: RegExp;
  code: ErrorCode;
  message: (failed: FailedCommand) => string;
  hint: (failed: FailedCommand) => string;
}

const KNOWN_FAILURES: readonly KnownFailure[] = [
  {
    pattern: /dubious ownership/,
    code: "repository_untrusted",
    message: ({ folder }) => `git refuses the repository at ${folder} because somebody else owns it.`,
    hint: ({ folder }) => `If you trust it: git config --global --add safe.directory '${folder}'`,
  },
  {
    pattern: /safe\.bareRepository/,
    code: "repository_untrusted",
    message: ({ folder }) =>
      `git refuses the bare repository at ${folder}, since safe.bareRepository is "explicit" in your configuration.`,
    hint: () => "Give one of its working trees as cwd.",
  },
  {
    pattern:
      /Please tell me who you are|empty ident name|unable to auto-detect email|no (?:email|name) was given|user\.useConfigOnly/i,
    code: "identity_missing",
    message: ({ command, folder }) => `git knows no name and address for the commits of ${command} in ${folder}.`,
    hint: () =>
      'Set them: git config --global user.name "Your Name" and git config --global user.email you@example.com; or give this server GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL.',
  },
  {
    pattern: /failed to sign|signing failed|gpg failed|user\.signingkey/i,
    code: "git_failed",
    message: ({ folder, said }) => `git could not sign the commit in ${folder}, as commit.gpgSign asks for: ${said}`,
    hint: () => "Make signing work without a question (an agent that knows the key), or set commit.gpgSign to false.",
  },
  {
    pattern: /'([^'\n]*\.lock)'.*File exists/,
    code: "git_failed",
    message: ({ command, folder, found }) =>
      `${command} failed in ${folder}: another git holds ${found[1]}, or one that died has left it there.`,
    hint: ({ found }) => `If no git is at work there, remove it: rm '${found[1]}'`,
  },
  {
    pattern: /Read-only file system/,
    code: "git_failed",
    message: ({ command, folder, said }) => `${command} failed in ${folder}, whose file system is read-only: ${said}`,
    hint: () => "Mount it writable, or let a read-only task do the work.",
  },
  {
    pattern: /No space left on device|Disk quota exceeded|Out of diskspace/,
    code: "git_failed",
    message: ({ command, folder, said }) => `${command} failed in ${folder}, since its disk is full: ${said}`,
    hint: () => "Make room on that disk, and try again.",
  },
  {
    pattern: /Permission denied|insufficient permission for adding an object/,
    code: "git_failed",
    message: ({ command, folder, said }) => `${command} failed in ${folder}: ${said}`,
    hint: () => "Give this user the right to write there (ls -ld shows who has it), and try again.",
  },
  {
    pattern: /Stale file handle|Input\/output error|Transport endpoint is not connected/,
    code: "git_failed",
    message: ({ command, folder, said }) => `${command} failed in ${folder}, whose disk does not answer: ${said}`,
    hint: () => "Look at the mount (a network file system that went away?), mount it again, and try again.",
  },
  {
    pattern: /File name too long/,
    code: "git_failed",
    message: ({ command, folder, said }) => `${command} failed in ${folder}: ${said}`,
    hint: () => "Take a shorter topic, or set CODEXMCP_WORKTREES to a folder with a shorter path.",
  },
];

/** Returns a failed git command in words, with what to do about it. @param stderr what git said, in the language C */
export function gitFailure(folder: string, args: readonly string[], stderr: string): AppError {
  const command = describe(args);
  const said = firstError(stderr);
  for (const { pattern, code, message, hint } of KNOWN_FAILURES) {
    const found = pattern.exec(stderr);
    if (found === null) continue;
    const failed = { command, folder, said, found };
    return new AppError(code, message(failed), hint(failed));
  }
  return new AppError(
    "git_failed",
    `${command} failed in ${folder}: ${said || "it said nothing"}`,
    "Run the same git command there by hand to see what is wrong with the repository.",
  );
}

function firstError(stderr: string): string {
  const line = stderr.split("\n").find((each) => /^(?:fatal|error):/.test(each)) ?? stderr;
  return line.replace(/^(?:fatal|error): /, "");
}

/** Returns a command as messages name it. */
export function describe(args: readonly string[]): string {
  // A setting given with -c is no subcommand.
  const command = args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "-c");
  return `git ${command ?? args[0] ?? ""}`.trim();
}
