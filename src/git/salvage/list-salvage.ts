import { git, gitBytes } from "#git/git.ts";
import { SALVAGE_PATHS, readManifest, SALVAGE_REFS } from "./manifest.ts";
import { type GitLimits, WITHOUT_NETWORK } from "#git/run-git.ts";
import { type ByteName, splitNul } from "#git/byte-names.ts";

/** A discarded worktree that is kept. */
export interface Salvage {
  ref: string;
  branch: string;
  commit: string;
  /** Time when it was discarded, in ISO format. */
  savedAt: string;
  /** Commits that it keeps: that of the branch first. */
  parents: string[];
}

/** Returns the saved worktrees in a repository, newest first; of one branch, or of all. @throws AppError `git_failed` */
export async function listSalvage(repository: string, branch?: string, limits: GitLimits = {}): Promise<Salvage[]> {
  const pattern = branch === undefined ? SALVAGE_REFS : `${SALVAGE_REFS}/${branch}`;
  const format = "--format=%(refname) %(objectname) %(committerdate:unix) %(parent)";
  const lines = (await git(repository, ["for-each-ref", format, "--", pattern], {}, limits))
    .split("\n")
    .filter(Boolean);
  const all = lines.flatMap((line) => {
    const [ref = "", commit = "", time = "", ...parents] = line.split(" ");
    // Other objects than commits have no date, and are not ours.
    if (time === "") return [];
    const named = ref.slice(SALVAGE_REFS.length + 1);
    const savedAt = new Date(Number(time) * 1000).toISOString();
    return [{ ref, commit, branch: named.slice(0, named.lastIndexOf("/")), savedAt, parents }];
  });
  // The names end with the time, in milliseconds.
  const wanted = branch === undefined ? all : all.filter((each) => each.branch === branch);
  return wanted.toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
}

function timeOf({ ref }: Salvage): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

/** Deletes a salvage. @param commit commit that its ref has to point to; any if absent @throws AppError `git_failed` */
export async function deleteSalvage(repository: string, ref: string, commit?: string): Promise<void> {
  await git(repository, ["update-ref", "--no-deref", "-d", ref, ...(commit === undefined ? [] : [commit])]);
}

/** Path of a saved worktree, and the size of the files to restore. */
export interface SalvageSize {
  /** Path of the worktree; undefined if there was no time to read it. */
  worktree: string | undefined;
  bytes: number;
  isMore: boolean;
}

/**
 * Returns the total size of the files that a restored worktree would have, in bytes. Bounded by the limits, and by the maximum
 * size of git's output.
 */
export async function measureSalvage(repository: string, commit: string, limits: GitLimits): Promise<SalvageSize> {
  let worktree: string | undefined;
  try {
    const manifest = await readManifest(repository, commit, limits);
    worktree = manifest.worktree;
    const sizes =
      manifest.head === undefined ? new Map<ByteName, number>() : await sizesIn(repository, manifest.head, limits);
    for (const path of manifest.absent) sizes.delete(path);
    const saved = await sizesIn(repository, `${commit}:${SALVAGE_PATHS.files}`, limits).catch((error: unknown) => {
      if (limits.signal?.aborted === true) throw error;
      return new Map<ByteName, number>(); // there are none
    });
    for (const [path, bytes] of saved) sizes.set(path, bytes);
    return { worktree, bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0), isMore: false };
  } catch {
    return { worktree, bytes: 0, isMore: true };
  }
}

async function sizesIn(repository: string, tree: string, limits: GitLimits): Promise<Map<ByteName, number>> {
  const args = ["ls-tree", "-r", "-l", "-z", tree];
  const lines = splitNul(await gitBytes(repository, args, { ...limits, environment: WITHOUT_NETWORK }));
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf("\t");
      // A submodule has no size.
      return [line.slice(tab + 1), Number(line.slice(0, tab).split(/ +/)[3]) || 0];
    }),
  );
}
