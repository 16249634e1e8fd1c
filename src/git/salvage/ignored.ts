import { gitBytes } from "../git.ts";
import { join } from "node:path";
import { type ByteName, splitNul, toText } from "./names.ts";
import { walkFiles } from "./walk.ts";

/** A file, or a folder of nothing else, that git ignores. */
export interface IgnoredPath {
  path: ByteName;
  bytes: number;
}

/** Smaller ones (`.env`, for one) are saved in any case. */
const LARGE_BYTES = 1024 * 1024;

/** What git ignores in a worktree; folders that are ignored as a whole are one entry. */
export async function listIgnored(worktree: string): Promise<IgnoredPath[]> {
  const args = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
  const paths = splitNul(await gitBytes(worktree, args)).map((path) => path.replace(/\/$/, ""));
  return paths.map((path) => ({ path, bytes: bytesBelow(worktree, path) }));
}

/** Those of them that are given up where somebody wants to be rid of what can be made again. */
export function pickLargeIgnored(ignored: readonly IgnoredPath[]): ByteName[] {
  return ignored.filter(({ bytes }) => bytes > LARGE_BYTES).map(({ path }) => path);
}

function bytesBelow(worktree: string, path: ByteName): number {
  const full = join(worktree, toText(path));
  try {
    let sum = 0;
    for (const { bytes } of walkFiles(full).files.values()) sum += bytes;
    return sum;
  } catch {
    return Bun.file(full).size;
  }
}
