import { existsSync } from "node:fs";
import { AppError, errnoOf } from "#base/errors.ts";
import {
  type ProgramResult,
  type ProgramStart,
  runProgram,
  startProgram,
  type RunningProgram,
} from "#platform/start/run-program.ts";
import { quoteForShell } from "#base/text.ts";
import { checkGitFiles } from "./check-files.ts";
import { describeCommand, gitFailure } from "./git-failure.ts";
import { mayNameGitFolder, nameGitFolder } from "./git-folders.ts";

/** Variables for one git command. */
export type GitEnvironment = Record<string, string>;

/** Limits of one git command. */
export interface GitLimits {
  /** Ends the command, e.g. with the task that it is run for. */
  signal?: AbortSignal | undefined;
  /** Default {@link GIT_DEADLINE_MS}. */
  deadlineMs?: number | undefined;
  /** Of its answer; a longer one is a failure. */
  maxOutputBytes?: number | undefined;
  /** Locked for as long as it, or what it starts, lives. */
  lockFile?: string | undefined;
  /** Whether the folder was given by a caller, so that git is to judge whether a repository there may be used. */
  isForeign?: boolean | undefined;
}

/** Options of one git command. */
export interface GitRun extends GitLimits, Pick<ProgramStart, "input" | "outputFile" | "errorFile" | "outlivesUs"> {
  environment?: GitEnvironment;
  /** Whether the command is run as the user would, with hooks and monitors, which may take any memory. */
  isUsers?: boolean;
}

/** Deadline of other commands, which take milliseconds unless a disk does not answer. */
const GIT_DEADLINE_MS = 60_000;
/** Deadline of commands that write or compare the content of all files. */
export const GIT_FILES_DEADLINE_MS = 10 * 60_000;

/** Far more than git needs, and less than makes a machine swap. */
const MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024;

/**
 * Settings that make what git does and says the same whatever its user has configured. What their commits are made with
 * (identity, signing, filters, attributes, line ends) stays theirs. Hooks and monitors are for their own commands.
 */
const FIXED_SETTINGS = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "log.showSignature=false",
  "color.ui=false",
  "column.ui=never",
  // Messages that git is given here are UTF-8.
  "i18n.commitEncoding=UTF-8",
  "i18n.logOutputEncoding=UTF-8",
  "submodule.propagateBranches=false",
  "advice.graftFileDeprecated=false",
].flatMap((setting) => ["-c", setting]);
const NO_HOUSEKEEPING = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/** Nothing is fetched for the sake of a look: remote helpers and ssh commands are programs that the repository names. */
export const WITHOUT_NETWORK: GitEnvironment = { GIT_ALLOW_PROTOCOL: "", GIT_NO_LAZY_FETCH: "1" };

/** Commands that need no content of files, and so nothing that a partial clone has not got. */
const LOOKS: ReadonlySet<string> = new Set([
  "branch",
  "config",
  "for-each-ref",
  "ls-files",
  "merge-base",
  "rev-list",
  "rev-parse",
  "show",
  "symbolic-ref",
  "update-ref",
  "worktree list",
]);

/**
 * Variables that tie git to another repository or state, change what it prints or how it reads its arguments, or start
 * another program (`git rev-parse --local-env-vars` lists the first kind). All others are the user's: identity, dates,
 * ceilings, configuration, ssh, LFS, proxies.
 */
const STRIPPED_VARIABLES = new RegExp(
  `^(?:${[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES|GIT_OBJECT_DIRECTORY|GIT_QUARANTINE_PATH",
    "GIT_CONFIG|GIT_CONFIG_PARAMETERS",
    "GIT_DIR|GIT_COMMON_DIR|GIT_WORK_TREE|GIT_IMPLICIT_WORK_TREE|GIT_PREFIX|GIT_NAMESPACE|GIT_INTERNAL_.*",
    "GIT_INDEX_FILE|GIT_INDEX_VERSION|GIT_GRAFT_FILE|GIT_SHALLOW_FILE|GIT_REPLACE_REF_BASE|GIT_NO_REPLACE_OBJECTS",
    "GIT_ATTR_SOURCE|GIT_DEFAULT_HASH|GIT_DEFAULT_REF_FORMAT|GIT_TEST_.*",
    "GIT_(?:LITERAL|GLOB|NOGLOB|ICASE)_PATHSPECS",
    "GIT_EXTERNAL_DIFF|GIT_DIFF_OPTS|GIT_PAGER.*|GIT_EDITOR|GIT_SEQUENCE_EDITOR|GIT_MERGE_.*|GIT_REFLOG_ACTION",
    "GIT_OPTIONAL_LOCKS|GIT_TERMINAL_PROMPT|GIT_FLUSH|GIT_ADVICE|GIT_PROGRESS_DELAY|GIT_NO_LAZY_FETCH|GIT_ALLOW_PROTOCOL",
    "GITHEAD_.*|LC_.*|LANG|LANGUAGE",
  ].join("|")})$`,
);

/** A trace that goes to standard error would stand among git's messages. */
const TRACE = /^GIT_TRACE/;
const TRACE_TO_FILE = /^(?:\/|af_unix:)/;

/**
 * Runs git in a folder, whatever its exit status.
 * @throws AppError `git_missing`, `repository_unusable`, `git_failed` where it takes too long, `cancelled`
 */
export async function runGit(folder: string, args: readonly string[], run: GitRun = {}): Promise<ProgramResult> {
  const start = startOf(folder, args, run);
  const result = await runProgram(start).catch((error: unknown) => {
    throw notStarted(folder, args, error);
  });
  checkEnd(folder, args, start.deadlineMs, result);
  // Under `safe.bareRepository=explicit` git wants to be given a git folder that it would otherwise find by itself.
  const isMistaken = result.exitCode !== 0 && result.stderr.includes("safe.bareRepository");
  return isMistaken && run.isForeign !== true && mayNameGitFolder(folder) ? runGit(folder, args, run) : result;
}

/** Starts a git command that is written to while it runs. @throws AppError as {@link runGit} does */
export function startGit(folder: string, args: readonly string[], run: GitRun = {}): RunningProgram {
  const start = startOf(folder, args, run);
  try {
    return startProgram(start);
  } catch (error) {
    throw notStarted(folder, args, error);
  }
}

/** Checks that a command was not ended before its time. @throws AppError `repository_unusable`, `git_failed`, `cancelled` */
export function checkEnd(folder: string, args: readonly string[], deadlineMs: number, result: ProgramResult): void {
  const command = describeCommand(args);
  if (result.aborted) {
    throw new AppError("cancelled", `${command} was ended, as its task was.`, "Start the task again if it is wanted.");
  }
  if (result.blocked) {
    throw new AppError(
      "repository_unusable",
      `${command} in ${folder} waits for a named pipe that stands in the place of a file.`,
      `Remove it: find ${quoteForShell(folder)} -type p lists all that there are.`,
    );
  }
  if (!result.timedOut) return;
  throw new AppError(
    "git_failed",
    `${command} took longer than ${Math.round(deadlineMs / 1000)} s in ${folder}, and was ended.`,
    "Run the same git command there by hand to see what holds it up: a slow disk, a very large file, a filter.",
  );
}

function startOf(folder: string, args: readonly string[], run: GitRun): ProgramStart {
  const { environment: more = {}, isUsers = false, isForeign = false, deadlineMs = GIT_DEADLINE_MS, ...rest } = run;
  const isLook = !isUsers && LOOKS.has(args[0] === "worktree" ? `worktree ${args[1]}` : (args[0] ?? ""));
  const environment = gitEnvironment(isLook ? { ...WITHOUT_NETWORK, ...more } : more);
  const program = Bun.which("git", { PATH: environment["PATH"] ?? "" });
  if (program === null) throw gitMissing();
  checkGitFiles(folder);
  return {
    ...rest,
    command: [
      program,
      ...(isUsers ? [] : FIXED_SETTINGS),
      ...NO_HOUSEKEEPING,
      ...(isForeign ? [] : nameGitFolder(folder)),
      ...args,
    ],
    folder,
    environment,
    deadlineMs,
    ...(!isUsers && { maxMemoryBytes: MAX_MEMORY_BYTES, endsWhenBlocked: true }),
  };
}

/** Whether there is a git to run. */
export function hasGit(environment: Record<string, string | undefined> = process.env): boolean {
  return Bun.which("git", { PATH: environment["PATH"] ?? "" }) !== null;
}

function gitEnvironment(more: GitEnvironment): Record<string, string> {
  const kept: Record<string, string> = { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || STRIPPED_VARIABLES.test(name)) continue;
    if (!TRACE.test(name) || TRACE_TO_FILE.test(value)) kept[name] = value;
  }
  return { ...kept, ...more };
}

function gitMissing(): AppError {
  return new AppError(
    "git_missing",
    "git is not in this server's PATH.",
    "Install it (apt install git, brew install git, winget install Git.Git).",
  );
}

function notStarted(folder: string, args: readonly string[], error: unknown): unknown {
  if (error instanceof AppError || errnoOf(error) === undefined) return error;
  return gitFailure(folder, args, existsSync(folder) ? String(error) : `${folder} is gone`);
}
