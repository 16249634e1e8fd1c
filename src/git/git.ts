import { $ } from "bun";
import { AppError } from "#lib/errors.ts";

/** What a git command gave back. */
export interface GitResult {
  exitCode: number;
  /** Standard output as it came: paths may hold anything. */
  stdout: string;
  stderr: string;
}

// The user's hooks and monitors are for the user's own commands: ours must not run them.
export const OURS = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];

/** Variables that tie git to another repository or change the language of its messages. */
const NOT_FOR_OURS = /^(?:GIT_(?!CONFIG_|SSH|EXEC_PATH|TRACE).*|LC_.*|LANG|LANGUAGE)$/;

/**
 * Runs git in a folder, whatever its exit status.
 * @throws AppError `git_missing`
 */
export async function tryGit(folder: string, args: readonly string[], more: GitEnvironment = {}): Promise<GitResult> {
  const environment = gitEnvironment(more);
  if (!hasGit(environment)) {
    throw new AppError(
      "git_missing",
      "git is not in this server's PATH.",
      "Install it (apt install git, brew install git, winget install Git.Git).",
    );
  }
  const { exitCode, stdout, stderr } = await $`git ${OURS} ${args}`.cwd(folder).env(environment).quiet().nothrow();
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString().trim() };
}

/** Whether there is a git to run. */
export function hasGit(environment: Record<string, string | undefined> = process.env): boolean {
  return Bun.which("git", { PATH: environment["PATH"] ?? "" }) !== null;
}

/** Git's answer of one line or path; a path may end with line ends of its own. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\n$/, "");
}

/** Variables for one git command. */
export type GitEnvironment = Record<string, string>;

/**
 * Runs a git command that is expected to work.
 * @returns its standard output
 * @throws AppError `git_failed` with git's message, `repository_untrusted`, `git_missing`
 */
export async function git(folder: string, args: readonly string[], more: GitEnvironment = {}): Promise<string> {
  const result = await tryGit(folder, args, more);
  if (result.exitCode === 0) return result.stdout;
  throw gitFailure(folder, args, result.stderr);
}

/** A failed git command in words. */
export function gitFailure(folder: string, args: readonly string[], stderr: string): AppError {
  if (stderr.includes("dubious ownership")) {
    return new AppError(
      "repository_untrusted",
      `git refuses the repository at ${folder} because somebody else owns it.`,
      `If you trust it: git config --global --add safe.directory '${folder}'`,
    );
  }
  const said = stderr.split("\n").find((line) => /^(?:fatal|error):/.test(line)) ?? stderr;
  return new AppError(
    "git_failed",
    `git ${args[0]} failed in ${folder}: ${said.replace(/^(?:fatal|error): /, "") || "it said nothing"}`,
    "Run the same git command there by hand to see what is wrong with the repository.",
  );
}

export function gitEnvironment(more: GitEnvironment): Record<string, string> {
  const kept: Record<string, string> = { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !NOT_FOR_OURS.test(name)) kept[name] = value;
  }
  return { ...kept, ...more };
}
