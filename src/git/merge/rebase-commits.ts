import { getTree } from "#git/repository/branches.ts";
import {
  type CommitObject,
  OUR_IDENTITY,
  parseAuthor,
  readCommit,
  signsCommits,
  storeCommit,
  writeCommit,
} from "#git/repository/objects.ts";
import { git, gitBytes } from "#git/git.ts";
import type { ComputedMerge, MergeRequest } from "./merge-request.ts";
import type { MergeFolder } from "./merge-folder.ts";
import { mergeTrees } from "./merge-trees.ts";

/**
 * Applies the work's commits to the target, one by one, as `git rebase` does: merge commits are left out, and so are changes
 * that the target already has. Authors, times and messages are kept, byte for byte.
 * @param without a commit that is left out, with all its ancestors
 */
export async function rebaseCommits(
  mergeFolder: MergeFolder,
  request: MergeRequest,
  without: string | undefined,
): Promise<ComputedMerge> {
  const { folder, target, source } = request;
  const range = [`${target}...${source}`, ...(without === undefined ? [] : [`^${without}`])];
  const picks = ["--reverse", "--topo-order", "--no-merges", "--right-only", "--cherry-mark"];
  const [list, copier, targetTree] = await Promise.all([
    git(folder, ["rev-list", ...picks, ...range, "--"], mergeFolder.history),
    CommitCopier.prepare(folder),
    getTree(folder, `${target}^{tree}`),
  ]);
  let [tip, tipTree] = [target, targetTree];
  for (const line of list.split("\n").filter(Boolean)) {
    const name = line.slice(1);
    const commit = await readCommit(folder, name);
    const [parent] = commit.parents;
    if (parent === tip) {
      [tip, tipTree] = [name, commit.tree];
      continue;
    }
    // "=": the target has the same change; all empty commits count as the same change.
    if (line.startsWith("=") && !(await isEmpty(folder, commit))) continue;
    const base = parent ?? (await writeEmptyCommit(folder));
    const merged = await mergeTrees(mergeFolder, { ...request, base, ours: tip, theirs: name });
    if ("conflicts" in merged) return { ...merged, at: name };
    const { tree } = merged;
    // A commit that was empty is kept; one that has become empty is left out.
    if (tree === tipTree && !(await isEmpty(folder, commit))) continue;
    [tip, tipTree] = [await copier.copy(commit, tree, tip), tree];
  }
  return { commit: tip };
}

/** Returns whether a commit changes nothing. */
async function isEmpty(folder: string, { tree, parents: [parent] }: CommitObject): Promise<boolean> {
  return parent !== undefined && tree === (await getTree(folder, `${parent}^{tree}`));
}

/** Copier of commits, with another tree and parent, and the user as the committer. */
class CommitCopier {
  readonly #folder: string;
  readonly #committer: Buffer;
  readonly #isSigned: boolean;

  private constructor(folder: string, committer: Buffer, isSigned: boolean) {
    this.#folder = folder;
    this.#committer = committer;
    this.#isSigned = isSigned;
  }

  static async prepare(folder: string): Promise<CommitCopier> {
    const [committer, isSigned] = await Promise.all([
      gitBytes(folder, ["var", "GIT_COMMITTER_IDENT"]),
      signsCommits(folder),
    ]);
    return new CommitCopier(folder, committer.subarray(0, committer.lastIndexOf("\n")), isSigned);
  }

  async copy(commit: CommitObject, tree: string, parent: string): Promise<string> {
    const author = this.#isSigned && commit.encoding === undefined ? parseAuthor(commit.author) : undefined;
    // git signs neither a commit without an author's name nor one that has to be stored as bytes.
    if (author === undefined || author.name === "") {
      return storeCommit(this.#folder, { ...commit, tree, parents: [parent] }, this.#committer);
    }
    const environment = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.mail,
      GIT_AUTHOR_DATE: `@${author.date}`,
    };
    return writeCommit(this.#folder, { tree, parents: [parent], message: commit.message, environment, isSigned: true });
  }
}

/** Creates a commit without files, to compare a commit without a parent with. */
async function writeEmptyCommit(folder: string): Promise<string> {
  const tree = (await gitBytes(folder, ["mktree"], { input: Buffer.alloc(0) })).toString().trim();
  return writeCommit(folder, { tree, parents: [], message: "-", environment: OUR_IDENTITY });
}
