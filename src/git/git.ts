import { closeSync, openSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import type { ProgramResult } from "#platform/start/run-program.ts";
import { type GitEnvironment, type GitLimits, type GitRun, runGit } from "./run-git.ts";
import { describeCommand, gitFailure } from "./git-failure.ts";

/** Result of a git command. */
export interface GitResult {
  exitCode: number;
  /** Unmodified standard output: paths may contain any character. */
  stdout: string;
  stderr: string;
}

/**
 * Runs git in a folder, and returns its result whatever the exit status.
 * @throws AppError `git_missing`, `repository_unusable`, `git_failed` if it takes too long or prints too much, `cancelled`
 */
export async function tryGit(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment = {},
  limits: GitLimits = {},
): Promise<GitResult> {
  const result = await runBounded(folder, args, { ...limits, environment });
  return { exitCode: exitCodeOf(result), stdout: result.stdout.toString(), stderr: errorOutput(result) };
}

/** Removes the line end that git adds to an answer of one line or path, and no others: a path may end with some. */
export function withoutLastNewline(text: string): string {
  return text.replace(/\n$/, "");
}

/**
 * Runs a git command that is expected to succeed.
 * @returns its standard output
 * @throws AppError as {@link tryGit} does, `git_failed` with git's message, `repository_untrusted`
 */
export async function git(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment = {},
  limits: GitLimits = {},
): Promise<string> {
  return (await gitBytes(folder, args, { ...limits, environment })).toString();
}

/**
 * Runs a git command that is expected to succeed, and returns its output in bytes: file names may contain any.
 * @throws AppError as {@link git} does
 */
export async function gitBytes(folder: string, args: readonly string[], run: GitRun = {}): Promise<Buffer> {
  const result = await runBounded(folder, args, run);
  if (exitCodeOf(result) !== 0) throw gitFailure(folder, args, errorOutput(result));
  return result.stdout;
}

/**
 * Runs a git command that is expected to succeed, and writes its output to a file. Unlike git's option `--output`, this fails if the disk is
 * full.
 * @throws AppError as {@link git} does, and the system's error
 */
export async function gitToFile(
  folder: string,
  args: readonly string[],
  file: string,
  run: GitRun = {},
): Promise<void> {
  const outputFile = openSync(file, "w", 0o600);
  try {
    await gitBytes(folder, args, { ...run, outputFile });
  } finally {
    closeSync(outputFile);
  }
}

/**
 * Runs a git command whose output may be very long, and returns at most its first `maxOutputBytes`, up to the end of a line.
 * @throws AppError as {@link git} does
 */
export async function gitUpTo(
  maxOutputBytes: number,
  folder: string,
  args: readonly string[],
  run: GitRun,
): Promise<string> {
  const result = await runGit(folder, args, { ...run, maxOutputBytes });
  const { stdout, overflowed } = result;
  if (overflowed) return stdout.subarray(0, stdout.lastIndexOf(0x0a) + 1).toString();
  if (exitCodeOf(result) !== 0) throw gitFailure(folder, args, errorOutput(result));
  return stdout.toString();
}

/**
 * Returns whether a git command prints anything; it is stopped at its first output.
 * @throws AppError as {@link git} does
 */
export async function hasOutput(folder: string, args: readonly string[], run: GitRun = {}): Promise<boolean> {
  const result = await runGit(folder, args, { ...run, maxOutputBytes: 0 });
  if (!result.overflowed && exitCodeOf(result) !== 0) throw gitFailure(folder, args, errorOutput(result));
  return result.overflowed;
}

async function runBounded(folder: string, args: readonly string[], run: GitRun): Promise<ProgramResult> {
  const result = await runGit(folder, args, run);
  if (!result.overflowed) return result;
  throw new AppError(
    "git_failed",
    `${describeCommand(args)} in ${folder} printed more than ${result.stdout.length} bytes.`,
    "Check the repository by hand: it is too large, or contains something unexpected.",
  );
}

/** Returns the exit status, which is a failure for a git that a signal ended. */
function exitCodeOf({ exitCode }: ProgramResult): number {
  return exitCode ?? -1;
}

function errorOutput({ stderr }: ProgramResult): string {
  return stderr.toString().trim();
}

/** Returns the installed git's version, e.g. `2.39.5`. @throws AppError `git_missing` */
export async function gitVersion(): Promise<string> {
  const said = await git("/", ["--version"]);
  return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? said.trim();
}

/** Returns whether `git worktree list` supports `-z` (since 2.36). */
export function hasWorktreeListing(version: string): boolean {
  return isAtLeast(version, "2.36.0");
}

/** Returns whether `git merge-tree` writes trees (since 2.38). */
export function hasTreeMerge(version: string): boolean {
  return isAtLeast(version, "2.38.0");
}

/** Returns whether `git merge-tree` merges several pairs of commits in one process (since 2.39). */
export function hasMergeBatches(version: string): boolean {
  return isAtLeast(version, "2.39.0");
}

function isAtLeast(version: string, least: string): boolean {
  return Bun.semver.satisfies(version.split(".").slice(0, 3).join("."), `>=${least}`);
}
