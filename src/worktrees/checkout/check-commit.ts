import { existsSync } from "node:fs";
import { join } from "node:path";
import { prepareSandbox } from "#codex/sandbox-command.ts";
import { AppError } from "#base/errors.ts";
import { isWithin, realPath } from "#base/paths.ts";
import { type CheckOutcome, describeFailedEnd } from "#domain/check.ts";
import { type CheckEnd, outcomeOf, runCheck } from "#tasks/check/run-check.ts";
import type { AppContext } from "#tasks/context.ts";
import { type CheckoutRequest, type TemporaryCheckout, withTemporaryCheckout } from "./temporary-checkout.ts";

/** Sandbox in which the check of a commit runs: the one in which its code was written. */
export interface CheckSandbox {
  /** Whether it has network access. */
  network: boolean;
}

/** Request to check a commit. */
export interface CommitCheck extends CheckoutRequest {
  command: string;
  /** Folder in the worktree in which the command runs; default: its top. */
  subfolder?: string;
  /** Sandbox for code that was written in it; undefined: none. */
  within: CheckSandbox | undefined;
  /** Commit whose files the setup command runs with, outside of any sandbox. */
  setUpCommit: string;
  /** File that gets the output of the command; by default it is not kept. */
  outputFile?: string;
  signal: AbortSignal;
}

/** Outcome of the check of a commit. */
export type CommitCheckOutcome = Omit<CheckOutcome, "attempts" | "output_file"> & {
  output_file?: string;
  commit: string;
};

/**
 * Runs a command on the files of a commit, in a temporary worktree that is set up like the worktree of a task.
 * @throws AppError `setup_failed`, `cancelled`, and as git's commands do
 */
export async function checkCommit(context: AppContext, check: CommitCheck): Promise<CommitCheckOutcome> {
  const { commit, setUpCommit, signal, subfolder = "" } = check;
  stopIfAborted(signal);
  return withTemporaryCheckout(context, { ...check, commit: setUpCommit }, async (checkout) => {
    await setUp(context, checkout, signal);
    if (setUpCommit !== commit) await checkout.switchTo(commit);
    const folder = join(checkout.path, subfolder);
    if (!existsSync(folder) || !isWithin(realPath(folder), checkout.path)) throw withoutFolder(subfolder, commit);
    const end = await runIn(context, check, checkout, folder);
    stopIfAborted(signal);
    return toOutcome(check, end);
  });
}

async function runIn(
  { config }: AppContext,
  { command, within, signal, outputFile }: CommitCheck,
  checkout: TemporaryCheckout,
  folder: string,
): Promise<CheckEnd> {
  const environment = { ...checkout.environment, PWD: folder };
  const sandboxed =
    within === undefined ? undefined : await prepareSandbox(config, { folder, environment, ...within, signal });
  // Code that was written in the sandbox is never run outside of it.
  if (sandboxed !== undefined && "why" in sandboxed) return { seconds: 0, outputTail: "", why: sandboxed.why };
  return runCheck({
    command,
    folder,
    environment,
    outputFile: outputFile ?? checkout.paths.checkLog,
    timeoutMs: config.checkTimeoutSeconds * 1000,
    signal,
    sandboxed: sandboxed?.words,
  });
}

function toOutcome({ command, commit, outputFile }: CommitCheck, end: CheckEnd): CommitCheckOutcome {
  return {
    command,
    ...outcomeOf(end),
    ...(outputFile !== undefined && { output_file: outputFile }),
    commit,
  };
}

/** Runs the command of CODEXMCP_WORKTREE_SETUP, as for the worktree of a task. */
async function setUp({ config }: AppContext, checkout: TemporaryCheckout, signal: AbortSignal): Promise<void> {
  const { worktreeSetup: command } = config;
  if (command === undefined) return;
  const { path, paths, environment } = checkout;
  const end = await runCheck({
    command,
    folder: path,
    environment: { ...environment, PWD: path },
    outputFile: paths.setupLog,
    timeoutMs: config.checkTimeoutSeconds * 1000,
    signal,
  });
  stopIfAborted(signal);
  const outcome = outcomeOf(end);
  if (outcome.passed) return;
  const said = outcome.output_tail.trim().slice(-MAX_OUTPUT_CHARACTERS);
  throw new AppError(
    "setup_failed",
    `The setup command (CODEXMCP_WORKTREE_SETUP) ${describeFailedEnd(outcome)}, so nothing was checked.${said === "" ? "" : ` Its output: ${said}`}`,
    "Correct the command, or run it in a worktree of the repository to see what fails.",
  );
}

const MAX_OUTPUT_CHARACTERS = 600;

function stopIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new AppError("cancelled", "The check was stopped.", "Try again, and wait for the check.");
}

function withoutFolder(subfolder: string, commit: string): AppError {
  return new AppError(
    "check_failed",
    `The folder ${subfolder} does not exist in commit ${commit.slice(0, 12)}, so the check cannot run there.`,
    "Choose a check that runs at the top of the working tree.",
  );
}
