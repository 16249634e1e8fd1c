import { existsSync } from "node:fs";
import { AppError, errnoOf } from "#base/errors.ts";
import { SECRET_VARIABLES } from "#base/variables.ts";
import {
  type ProgramResult,
  type ProgramStart,
  runProgram,
  startProgram,
  type RunningProgram,
} from "#platform/start/run-program.ts";
import { quoteForShell } from "#base/text.ts";
import { checkGitFiles } from "./check-files.ts";
import { currentGitContext } from "./git-context.ts";
import { describeCommand, gitFailure } from "./git-failure.ts";
import { mayNameGitFolder, gitFolderArgs } from "./git-folders.ts";

/** Variables for one git command. */
export type GitEnvironment = Record<string, string>;

/** Limits of one git command. */
export interface GitLimits {
  /** Signal that stops the command, e.g. with the task that it runs for. */
  signal?: AbortSignal | undefined;
  /** Deadline in milliseconds; {@link GIT_DEADLINE_MS} by default. */
  deadlineMs?: number | undefined;
  /** Maximum size of the output in bytes; a longer output is a failure. */
  maxOutputBytes?: number | undefined;
  /** File that is locked as long as the command, or any process that it starts, is alive. */
  lockFile?: string | undefined;
  /** Whether the folder was given by a caller, so that git has to decide whether a repository there may be used. */
  isForeign?: boolean | undefined;
}

/** Options of one git command. */
export interface GitRun extends GitLimits, Pick<ProgramStart, "input" | "outputFile" | "errorFile" | "outlivesUs"> {
  environment?: GitEnvironment;
  /** Whether the command runs as the user would run it, with hooks and monitors, and without a memory limit. */
  isUsers?: boolean;
}

/** Deadline of other commands in milliseconds; they take milliseconds unless a disk hangs. */
const GIT_DEADLINE_MS = 60_000;
/** Deadline of commands that write or compare the content of all files, in milliseconds. */
export const GIT_FILES_DEADLINE_MS = 10 * 60_000;

/** Memory limit in bytes: far more than git needs, and too little to make a machine swap. */
const MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024;

/**
 * Settings that make git's behavior and output independent of its user's configuration. Settings for the content of commits
 * (identity, signing, filters, attributes, line ends) stay the user's. Hooks and monitors run for commands of the user's only.
 */
const FIXED_SETTINGS = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "log.showSignature=false",
  "color.ui=false",
  "column.ui=never",
  // Messages passed to git are UTF-8 here.
  "i18n.commitEncoding=UTF-8",
  "i18n.logOutputEncoding=UTF-8",
  "submodule.propagateBranches=false",
  "advice.graftFileDeprecated=false",
].flatMap((setting) => ["-c", setting]);
const NO_HOUSEKEEPING = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"];

/** Variables that prevent fetching while git only reads: remote helpers and ssh commands are programs that the repository names. */
export const WITHOUT_NETWORK: GitEnvironment = { GIT_ALLOW_PROTOCOL: "", GIT_NO_LAZY_FETCH: "1" };

/** Commands that need no file contents, and so none that a partial clone lacks. */
const METADATA_COMMANDS: ReadonlySet<string> = new Set([
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
 * Pattern of variables that tie git to another repository or state, change its output or how it reads its arguments, or start
 * another program (`git rev-parse --local-env-vars` lists the first kind), and of secrets. All others stay as the user has set them: identity,
 * dates, ceilings, configuration, ssh, LFS, proxies.
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
    ...SECRET_VARIABLES,
  ].join("|")})$`,
);

/** Pattern of trace variables: a trace on standard error would be mixed with git's messages. */
const TRACE = /^GIT_TRACE/;
const TRACE_TO_FILE = /^(?:\/|af_unix:)/;

/**
 * Runs git in a folder, and returns its result whatever the exit status.
 * @throws AppError `git_missing`, `repository_unusable`, `git_failed` if it takes too long, `cancelled`
 */
export async function runGit(folder: string, args: readonly string[], run: GitRun = {}): Promise<ProgramResult> {
  const start = prepareStart(folder, args, run);
  const result = await runProgram(start).catch((error: unknown) => {
    throw notStarted(folder, args, error);
  });
  checkEnd(folder, args, start.deadlineMs, result);
  // Under `safe.bareRepository=explicit`, git requires a git folder by name that it would otherwise find by itself.
  const isMistaken = result.exitCode !== 0 && result.stderr.includes("safe.bareRepository");
  return isMistaken && run.isForeign !== true && mayNameGitFolder(folder) ? runGit(folder, args, run) : result;
}

/** Starts a git command that gets its input while it runs. @throws AppError as {@link runGit} does */
export function startGit(folder: string, args: readonly string[], run: GitRun = {}): RunningProgram {
  const start = prepareStart(folder, args, run);
  try {
    return startProgram(start);
  } catch (error) {
    throw notStarted(folder, args, error);
  }
}

/** Checks that a command was not stopped early. @throws AppError `repository_unusable`, `git_failed`, `cancelled` */
export function checkEnd(folder: string, args: readonly string[], deadlineMs: number, result: ProgramResult): void {
  const command = describeCommand(args);
  if (result.aborted) {
    throw new AppError("cancelled", `${command} was stopped with its task.`, "Start the task again if you need it.");
  }
  if (result.blocked) {
    throw new AppError(
      "repository_unusable",
      `${command} in ${folder} is blocked by a named pipe in the place of a file.`,
      `Find the pipe (find ${quoteForShell(folder)} -type p) and remove it.`,
    );
  }
  if (!result.timedOut) return;
  throw new AppError(
    "git_failed",
    `${command} in ${folder} timed out after ${Math.round(deadlineMs / 1000)} s.`,
    "Run the same command there by hand to see what slows it down, such as a slow disk, a very large file or a filter.",
  );
}

function prepareStart(folder: string, args: readonly string[], run: GitRun): ProgramStart {
  const { environment: own = {}, isUsers = false, isForeign = false, deadlineMs = GIT_DEADLINE_MS, ...rest } = run;
  const context = currentGitContext();
  const more = { ...context?.environment, ...own };
  const isMetadataOnly =
    !isUsers && METADATA_COMMANDS.has(args[0] === "worktree" ? `worktree ${args[1]}` : (args[0] ?? ""));
  const environment = gitEnvironment(isMetadataOnly ? { ...WITHOUT_NETWORK, ...more } : more);
  const program = Bun.which("git", { PATH: environment["PATH"] ?? "" });
  if (program === null) throw gitMissing();
  checkGitFiles(folder);
  return {
    ...rest,
    signal: rest.signal ?? context?.signal,
    command: [
      program,
      ...(isUsers ? [] : FIXED_SETTINGS),
      ...NO_HOUSEKEEPING,
      ...(isForeign ? [] : gitFolderArgs(folder)),
      ...args,
    ],
    folder,
    environment,
    deadlineMs,
    ...(!isUsers && { maxMemoryBytes: MAX_MEMORY_BYTES, endsWhenBlocked: true }),
  };
}

/** Returns whether git is installed. */
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
  return gitFailure(folder, args, existsSync(folder) ? String(error) : `${folder} does not exist`);
}
