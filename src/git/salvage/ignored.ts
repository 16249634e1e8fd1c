import { gitBytes } from "#git/git.ts";
import { measureFolder } from "#platform/files/folder-size.ts";
import { type ByteName, splitNul, toBytes } from "#git/byte-names.ts";

/** A file, or a folder of nothing else, that git ignores. */
export interface IgnoredPath {
  path: ByteName;
  bytes: number;
  /** The first path in it that cannot be read. */
  unreadable?: string;
}

/** Smaller ones (`.env`, for one) are saved in any case. */
const LARGE_BYTES = 1024 * 1024;

/** Returns what git ignores in a worktree; folders that are ignored as a whole are one entry. */
export async function listIgnored(worktree: string): Promise<IgnoredPath[]> {
  const args = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
  const paths = splitNul(await gitBytes(worktree, args)).map((path) => path.replace(/\/$/, ""));
  const ignored: IgnoredPath[] = [];
  for (const path of paths) ignored.push(await measure(worktree, path));
  return ignored;
}

/** Returns those of them that are given up where somebody wants to be rid of what can be made again. */
export function pickLargeIgnored(ignored: readonly IgnoredPath[]): ByteName[] {
  return ignored.filter(({ bytes }) => bytes > LARGE_BYTES).map(({ path }) => path);
}

/** Measures an ignored path, never as less than there is: what is too much to count is too much to save. */
async function measure(worktree: string, path: ByteName): Promise<IgnoredPath> {
  const size = await measureFolder(Buffer.concat([Buffer.from(`${worktree}/`), toBytes(path)]));
  return {
    path,
    bytes: size.isMore ? Number.MAX_SAFE_INTEGER : size.bytes,
    ...(size.unreadable !== undefined && { unreadable: size.unreadable.toString() }),
  };
}
