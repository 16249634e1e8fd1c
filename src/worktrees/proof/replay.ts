import { findMainTree } from "#git/git-folders.ts";
import { takeEnd } from "#base/text.ts";
import { describeFailedEnd, nameCheck } from "#domain/check.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkCommit } from "#worktrees/checkout/check-commit.ts";
import { readCommitDigest } from "./commit-digest.ts";
import { type Statement, subjectCommit } from "./statement.ts";

/** Command that a proof names, with all that a person has to know before it is run. */
export interface ReplayRequest {
  command: string;
  commit: string;
  /** Command of CODEXMCP_WORKTREE_SETUP, which is run before it, outside of any sandbox. */
  setup: string | undefined;
  /** Whether the command runs in Codex's sandbox. */
  isSandboxed: boolean;
}

/** Options of a replay. */
export interface ReplayOptions {
  /** Asks whether the command may be run: it comes from the proof, so others may have chosen it. Undefined: it is not run. */
  confirm: ((request: ReplayRequest) => Promise<boolean>) | undefined;
  signal: AbortSignal;
  /** Folder in a working tree of the repository, which selects ignored files for the temporary one. */
  folder: string;
  repository: string | undefined;
}

const MAX_OUTPUT_CHARACTERS = 2000;

/**
 * Runs the check of a proof again, on the files of the commit that it was about, if the person agrees.
 * @throws AppError `setup_failed`, `cancelled`, and as git's commands do
 */
export async function replayCheck(
  context: AppContext,
  statement: Statement,
  { command, commit, folder: subfolder }: NonNullable<Statement["predicate"]["observed"]["check"]>,
  { confirm, signal, folder, repository }: ReplayOptions,
): Promise<{ state: "ok" | "failed" | "unknown" | "skipped"; text: string }> {
  const shown = nameCheck(command);
  if (confirm === undefined) return { state: "skipped", text: `${shown} was not run again, as requested` };
  if (commit === undefined) return { state: "unknown", text: "some of the files that were checked were not committed" };
  const found = repository === undefined ? undefined : await readCommitDigest(repository, commit);
  if (repository === undefined || found === undefined) {
    return { state: "unknown", text: `commit ${commit.slice(0, 12)} is not here, so ${shown} was not run again` };
  }
  const { request, observed } = statement.predicate;
  const isSandboxed = request.sandbox !== "full-access";
  const setup = context.config.worktreeSetup;
  if (!(await confirm({ command, commit, setup, isSandboxed }))) {
    return { state: "unknown", text: `${shown} was not run again: that was not confirmed` };
  }
  const mainTree = findMainTree(folder, repository);
  const base = isSandboxed ? await readCommitDigest(repository, observed.base?.gitCommit) : undefined;
  const outcome = await checkCommit(context, {
    command,
    commit,
    setUpCommit: base?.gitCommit ?? commit,
    within: isSandboxed ? { network: request.network === true } : undefined,
    folder: repository,
    repository,
    source: mainTree,
    beside: mainTree,
    ...(subfolder !== undefined && { subfolder }),
    signal,
  });
  const ofSubject = commit === subjectCommit(statement)?.gitCommit ? "" : ` of commit ${commit.slice(0, 12)}`;
  if (outcome.passed) return { state: "ok", text: `${shown} passed again${ofSubject} in ${outcome.seconds} s` };
  const said = takeEnd(outcome.output_tail.trim(), MAX_OUTPUT_CHARACTERS);
  return {
    state: "failed",
    text: `${shown} ${describeFailedEnd(outcome)}${ofSubject}${said === "" ? "" : `:\n${said}`}`,
  };
}
