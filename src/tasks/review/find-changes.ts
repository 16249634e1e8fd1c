import { AppError } from "#base/errors.ts";
import { resolveWorkspace } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { compareCommits, withComparison } from "#git/changes/compare.ts";
import { type LineDiff, readLineDiff } from "#git/changes/changed-lines.ts";
import { inspectWorktree } from "#git/changes/status.ts";
import { git, tryGit, withoutLastNewline } from "#git/git.ts";
import { gitFailure } from "#git/git-failure.ts";
import { findBranchCommit, findCommit } from "#git/repository/branches.ts";
import { findMergeBase } from "#git/repository/history.ts";
import { WITHOUT_NETWORK } from "#git/run-git.ts";
import { checkTrusted } from "#git/trust.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { isEnded } from "#domain/record.ts";
import { findWorktreeBase } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import type { ReviewTarget } from "./review-target.ts";

/** Changes to review. */
export interface ReviewChanges extends LineDiff {
  /** Top of the working tree, in which Codex reviews. */
  top: string;
  /** Description that follows "Review ". */
  description: string;
  /** Words for the topic. */
  topic: string;
  /** Commit, or tree, that the changes are compared with. */
  base: string;
  /** Commit that has the changes; undefined if they are in the working tree. */
  tip: string | undefined;
  /** Command that shows what the changes are for; undefined if no commit has them. */
  logCommand: string | undefined;
  /** Names of new files that git does not track: `git diff` does not show them. */
  untracked: ReadonlySet<string>;
}

/**
 * Finds the changes that a target names, without changing anything and without running a program that the repository names.
 * @param findCwd returns the folder that the review was asked for in
 * @throws AppError `no_changes`, `unknown_branch`, `unknown_task`, `task_running`, `no_worktree`, `worktree_gone`, `invalid_argument`
 *   outside of a repository, and as `git` does
 */
export async function findReviewChanges(
  context: AppContext,
  target: ReviewTarget,
  findCwd: () => Promise<string>,
): Promise<ReviewChanges> {
  const changes = await readTarget(context, target, findCwd);
  if (changes.files.length > 0) return changes;
  throw new AppError(
    "no_changes",
    `There is nothing to review in ${changes.top}: ${NOTHING[target.kind]}.`,
    "Name another target: uncommitted, base:<branch>, commit:<sha> or task:<id>.",
  );
}

/** Reasons why there are no changes. */
const NOTHING: Record<ReviewTarget["kind"], string> = {
  uncommitted: "nothing is uncommitted",
  base: "nothing has changed since the branch",
  commit: "the commit changes no file",
  task: "the task has changed nothing",
};

async function readTarget(
  context: AppContext,
  target: ReviewTarget,
  findCwd: () => Promise<string>,
): Promise<ReviewChanges> {
  if (target.kind === "task") return readTaskChanges(context, target.name);
  const top = await findTop(resolveWorkspace(await findCwd()));
  switch (target.kind) {
    case "uncommitted":
      return readWorkingTree(top, undefined, { description: "the uncommitted changes", topic: "review uncommitted" });
    case "base":
      return readWorkingTree(top, await findBase(top, target.name), {
        description: `the changes since the branch ${target.name}`,
        topic: `review since ${target.name}`,
      });
    case "commit":
      return readCommit(top, target.name);
  }
}

/** Returns the top of the working tree that contains a real path. */
async function findTop(cwd: string): Promise<string> {
  await checkTrusted(cwd);
  const args = ["rev-parse", "--show-toplevel"];
  const { exitCode, stdout, stderr } = await tryGit(cwd, args, {}, { isForeign: true });
  if (exitCode === 0) return withoutLastNewline(stdout);
  if (/not a git repository|must be run in a work tree/i.test(stderr)) {
    throw new AppError(
      "invalid_argument",
      `${cwd} is not in a working tree of git, so there are no changes to review.`,
      "Set cwd to a folder of the repository.",
    );
  }
  throw gitFailure(cwd, args, stderr);
}

/** Words about the changes. */
type Naming = Pick<ReviewChanges, "description" | "topic">;

/** Compares the working tree, new files included, with a commit; with the checked-out one if it is undefined. */
async function readWorkingTree(top: string, commit: string | undefined, naming: Naming): Promise<ReviewChanges> {
  const seen = await inspectWorktree(top);
  const base = commit ?? seen.status.head ?? (await emptyTree(top));
  const diff = await withComparison(top, base, seen, (comparison) => readLineDiff(top, comparison));
  const compared = new Set(diff.files.map(({ name }) => name));
  const untracked = seen.status.untracked.filter((name) => compared.has(name));
  const logCommand = commit === undefined ? undefined : `${SAFE_LOG} ${commit}..HEAD`;
  return { top, ...naming, base, tip: undefined, logCommand, untracked: new Set(untracked), ...diff };
}

async function readCommit(top: string, name: string): Promise<ReviewChanges> {
  const commit = await findCommit(top, name);
  if (commit === undefined) throw unknownRevision(`"${name}" is not a commit of ${top}.`);
  const base = (await findParent(top, commit)) ?? (await emptyTree(top));
  const diff = await readLineDiff(top, {
    command: (flags, paths) => compareCommits(base, commit, flags, paths),
    options: { environment: WITHOUT_NETWORK },
  });
  const short = commit.slice(0, 12);
  const naming = { description: `the changes of commit ${short}`, topic: `review commit ${short}` };
  return { top, ...naming, base, tip: commit, logCommand: `${SAFE_LOG} -1 ${commit}`, untracked: new Set(), ...diff };
}

/** Returns the first parent of a commit; undefined if it has none. In a shallow clone a commit may seem to have none. */
async function findParent(top: string, commit: string): Promise<string | undefined> {
  const text = await git(top, ["cat-file", "commit", commit], WITHOUT_NETWORK);
  const [header = ""] = text.split("\n\n", 1);
  const [, parent] = /^parent ([0-9a-f]+)$/m.exec(header) ?? [];
  if (parent === undefined || (await findCommit(top, parent)) !== undefined) return parent;
  throw unknownRevision(
    `The parent of commit ${commit.slice(0, 12)} is not in this clone, so its changes are not known.`,
    "Fetch more of the history: git fetch --deepen=1.",
  );
}

/** Returns the commit at which the checked-out commit's history left that of a branch. */
async function findBase(top: string, name: string): Promise<string> {
  const commit = (await findBranchCommit(top, name)) ?? (await findCommit(top, name));
  if (commit === undefined) throw unknownRevision(`"${name}" is not a branch, tag or commit of ${top}.`);
  const base = await findMergeBase(top, commit, "HEAD");
  if (base !== undefined) return base;
  throw unknownRevision(
    `${name} and the checked-out commit of ${top} have no common history.`,
    "Name another branch or, in a shallow clone, fetch the whole history: git fetch --unshallow.",
  );
}

/** Returns the tree without files; git knows it without having it. */
async function emptyTree(top: string): Promise<string> {
  return (await git(top, ["hash-object", "-t", "tree", "--stdin"])).trim();
}

async function readTaskChanges(context: AppContext, name: string): Promise<ReviewChanges> {
  const task = await reconcile(context, resolveTask(context, name));
  const { task_id, topic, worktree_dir, workspace } = task;
  const base = worktree_dir === undefined ? undefined : findWorktreeBase(context.store, worktree_dir);
  const baseCommit = base?.base_commit ?? task.base_commit;
  if (!isEnded(task)) {
    throw new AppError(
      "task_running",
      `The task ${task_id} is still ${task.status}, so its changes are not complete.`,
      `Wait for it (codex_wait with task_ids ["${task_id}"]), then review it.`,
    );
  }
  if (worktree_dir === undefined || baseCommit === undefined) {
    throw new AppError(
      "no_worktree",
      `The task ${task_id} has no worktree: it was read-only, or ran outside git.`,
      "Review a task that changed files, or the uncommitted changes of a folder.",
    );
  }
  if ((await findWorktreeGitDir(worktree_dir, workspace)) === undefined) {
    throw new AppError(
      "worktree_gone",
      `The worktree ${worktree_dir} of ${task_id} does not exist.`,
      `Restore it (codex_discard with restore: true), or review its branch: base:<branch> where it is checked out.`,
    );
  }
  return readWorkingTree(worktree_dir, baseCommit, {
    description: `the changes of the task ${task_id}`,
    topic: `review ${topic.replace(/^[a-z]+-/, "").replace(/-v\d+$/, "")}`,
  });
}

function unknownRevision(message: string, hint = "Run `git branch --all` or `git log` to list them."): AppError {
  return new AppError("unknown_branch", message, hint);
}

// Without these flags, a repository's own configuration could make git run programs.
const SAFE_DIFF = "git -c core.fsmonitor=false diff --no-ext-diff --no-textconv --ignore-submodules=dirty";
const SAFE_LOG = "git log --no-show-signature";

/** Returns the command that shows the changes, but not files that git does not track. */
export function diffCommandOf({ base, tip }: ReviewChanges): string {
  return `${SAFE_DIFF} ${[base, tip]
    .filter((each) => each !== undefined)
    .map(quoteIfNeeded)
    .join(" ")}`;
}

function quoteIfNeeded(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : quoteForShell(word);
}
