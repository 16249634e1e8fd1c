import { existsSync } from "node:fs";
import { AppError, errnoOf } from "#lib/errors.ts";
import {
  type ProgramResult,
  type ProgramStart,
  runProgram,
  startProgram,
  type RunningProgram,
} from "#lib/run-program.ts";
import { checkGitFiles } from "./check-files.ts";
import { explainFailure } from "./explain-failure.ts";
import { mayNameGitFolder, nameGitFolder } from "./git-folders.ts";

/** Variables for one git command. */
export type GitEnvironment = Record<string, string>;

/** What bounds one git command. */
export interface GitLimits {
  /** Ends the command, e.g. with the task that it is run for. */
  signal?: AbortSignal | undefined;
  /** Default {@link GIT_DEADLINE_MS}. */
  deadlineMs?: number | undefined;
  /** Of its answer; a longer one is a failure. */
  maxOutputBytes?: number | undefined;
  /** Locked for as long as it, or what it starts, lives. */
  lockFile?: string | undefined;
}

/** How one git command is run. */
export interface GitRun extends GitLimits, Pick<ProgramStart, "input" | "outputFile" | "errorFile" | "outlivesUs"> {
  environment?: GitEnvironment;
  /** Whether the command is run as the user would, with hooks and monitors, which may take any memory. */
  isUsers?: boolean;
}

/** Plumbing takes milliseconds; this is for disks that do not answer. */
const GIT_DEADLINE_MS = 60_000;
/** For commands that write or compare the content of all files. */
export const GIT_FILES_DEADLINE_MS = 10 * 60_000;

/** Far more than git needs, and less than makes a machine swap. */
const MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024;

/** The user's hooks and monitors are for the user's own commands, and `git show` verifies no signatures. */
const SAFE_FLAGS = ["core.hooksPath=/dev/null", "core.fsmonitor=false", "log.showSignature=false"].flatMap(
  (setting) => ["-c", setting],
);
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

/** Variables that tie git to another repository or change the language of its messages. */
const STRIPPED_VARIABLES =
  /^(?:GIT_(?!CONFIG_|SSH|EXEC_PATH|TRACE|CEILING_DIRECTORIES|DISCOVERY_).*|LC_.*|LANG|LANGUAGE)$/;

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
  // Older versions of git do not see that a `.git` folder is no stranger's.
  const isMistaken = result.exitCode !== 0 && result.stderr.includes("safe.bareRepository");
  return isMistaken && mayNameGitFolder(folder) ? runGit(folder, args, run) : result;
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

/** Tells of a command that was ended. @throws AppError `repository_unusable`, `git_failed`, `cancelled` */
export function checkEnd(folder: string, args: readonly string[], deadlineMs: number, result: ProgramResult): void {
  const command = describe(args);
  if (result.aborted) {
    throw new AppError("cancelled", `${command} was ended, as its task was.`, "Start the task again if it is wanted.");
  }
  if (result.blocked) {
    throw new AppError(
      "repository_unusable",
      `${command} in ${folder} waits for a named pipe that stands in the place of a file.`,
      `Remove it: find '${folder}' -type p lists all that there are.`,
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
  const { environment: more = {}, isUsers = false, deadlineMs = GIT_DEADLINE_MS, ...rest } = run;
  const isLook = !isUsers && LOOKS.has(args[0] === "worktree" ? `worktree ${args[1]}` : (args[0] ?? ""));
  const environment = gitEnvironment(isLook ? { ...WITHOUT_NETWORK, ...more } : more);
  const program = Bun.which("git", { PATH: environment["PATH"] ?? "" });
  if (program === null) throw gitMissing();
  checkGitFiles(folder);
  return {
    ...rest,
    command: [program, ...(isUsers ? [] : SAFE_FLAGS), ...NO_HOUSEKEEPING, ...nameGitFolder(folder), ...args],
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
    if (value !== undefined && !STRIPPED_VARIABLES.test(name)) kept[name] = value;
  }
  return { ...kept, ...more };
}

/** Returns a failed git command in words. */
export function gitFailure(folder: string, args: readonly string[], stderr: string): AppError {
  const explained = explainFailure(stderr);
  if (explained !== undefined) return explained;
  if (stderr.includes("safe.bareRepository")) {
    return new AppError(
      "repository_untrusted",
      `git refuses the bare repository at ${folder}, since safe.bareRepository is "explicit" in your configuration.`,
      "Give one of its working trees as cwd.",
    );
  }
  const said = stderr.split("\n").find((line) => /^(?:fatal|error):/.test(line)) ?? stderr;
  return new AppError(
    "git_failed",
    `${describe(args)} failed in ${folder}: ${said.replace(/^(?:fatal|error): /, "") || "it said nothing"}`,
    "Run the same git command there by hand to see what is wrong with the repository.",
  );
}

/** Returns a command as messages name it. */
export function describe(args: readonly string[]): string {
  // A setting given with -c is no subcommand.
  const command = args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "-c");
  return `git ${command ?? args[0] ?? ""}`.trim();
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
