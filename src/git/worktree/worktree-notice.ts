import { join } from "node:path";
import { readFileBounded } from "#platform/files/read-file.ts";
import { pathExists } from "#base/paths.ts";
import { tryGit } from "#git/git.ts";

const MAX_ATTRIBUTES_BYTES = 4 * 1024 * 1024;

/** Returns a notice about unexpected properties of a new worktree; undefined if there are none. */
export async function describeWorktreeNotice(worktree: string): Promise<string | undefined> {
  const notes: string[] = [];
  if (pathExists(join(worktree, ".gitmodules"))) {
    notes.push("The worktree's submodules are empty (git submodule update --init checks them out).");
  }
  const attributes = readFileBounded(join(worktree, ".gitattributes"), {
    maxBytes: MAX_ATTRIBUTES_BYTES,
    within: worktree,
  });
  const isOfLfs = "bytes" in attributes && attributes.bytes.includes("filter=lfs");
  if (isOfLfs && !(await hasLfs(worktree))) {
    notes.push("git-lfs is not set up, so its files are only pointers in the worktree.");
  }
  return notes.length === 0 ? undefined : notes.join(" ");
}

async function hasLfs(folder: string): Promise<boolean> {
  const settings = await tryGit(folder, ["config", "--get-regexp", String.raw`^filter\.lfs\.(process|smudge)$`]);
  // Not `git lfs`: the repository may define an alias of that name.
  return settings.stdout !== "" && Bun.which("git-lfs") !== null;
}
