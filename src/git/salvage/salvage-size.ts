import { gitBytes } from "#git/git.ts";
import { type GitLimits, WITHOUT_NETWORK } from "#git/run-git.ts";
import { PLACES, readManifest } from "./manifest.ts";
import { type ByteName, splitNul } from "#git/byte-names.ts";

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
    const saved = await sizesIn(repository, `${commit}:${PLACES.files}`, limits).catch((error: unknown) => {
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
