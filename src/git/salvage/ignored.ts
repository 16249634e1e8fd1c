import { gitBytes } from "#git/git.ts";
import { measureFolder } from "#platform/files/folder-size.ts";
import { type ByteName, splitNul, toBytes } from "#git/byte-names.ts";

/** An ignored file, or a folder that contains only ignored files. */
export interface IgnoredPath {
  path: ByteName;
  bytes: number;
  /** First path in it that cannot be read. */
  unreadable?: string;
}

/** Minimum size of a large ignored path in bytes; smaller ones (e.g. `.env`) are always saved. */
const LARGE_BYTES = 1024 * 1024;

/** Returns the ignored paths of a worktree; a folder that is ignored as a whole is one entry. */
export async function listIgnored(worktree: string): Promise<IgnoredPath[]> {
  const args = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
  const paths = splitNul(await gitBytes(worktree, args)).map((path) => path.replace(/\/$/, ""));
  const ignored: IgnoredPath[] = [];
  for (const path of paths) ignored.push(await measure(worktree, path));
  return ignored;
}

/** Returns the large ignored paths, which are not saved if the caller does not need what can be generated again. */
export function pickLargeIgnored(ignored: readonly IgnoredPath[]): ByteName[] {
  return ignored.filter(({ bytes }) => bytes > LARGE_BYTES).map(({ path }) => path);
}

/** Measures an ignored path, never as less than its size: what is too large to count is too large to save. */
async function measure(worktree: string, path: ByteName): Promise<IgnoredPath> {
  const size = await measureFolder(Buffer.concat([Buffer.from(`${worktree}/`), toBytes(path)]));
  return {
    path,
    bytes: size.isMore ? Number.MAX_SAFE_INTEGER : size.bytes,
    ...(size.unreadable !== undefined && { unreadable: size.unreadable.toString() }),
  };
}
