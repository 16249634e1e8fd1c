import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { git } from "#git/git.ts";
import type { GitLimits } from "#git/run-git.ts";

/** Prefix of the refs that keep saved worktrees: `<this>/<branch>/<time>`. */
export const SALVAGE_REFS = "refs/codexmcp/salvage";

const bytes = v.string();

const ManifestSchema = v.object({
  version: v.literal(1),
  /** Path of the worktree. */
  worktree: v.string(),
  /** Branch of the worktree, without `refs/heads/`, and the commit that it pointed to. */
  branch: v.optional(v.string()),
  tip: v.optional(v.string()),
  /** Commit that was checked out. */
  head: v.optional(v.string()),
  /** Paths that were in the index but not in the folder, with one character for each byte. */
  absent: v.array(bytes),
  empty_folders: v.array(bytes),
  /** Permissions that git does not store, by path. */
  modes: v.record(bytes, v.number()),
  /** Ignored paths that were not saved, as requested. */
  left_out: v.array(bytes),
});

const MANIFEST = v.pipe(v.string(), v.parseJson(), ManifestSchema);

/** Facts that a salvage commit contains besides the files. */
export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** Names of the top-level folders and files of a salvage commit. */
export const SALVAGE_PATHS = {
  manifest: "manifest.json",
  /** Files of the worktree, unchanged. */
  files: "files",
  /** The index, not split. */
  index: "index",
  /** The worktree's private files in git's own folder. */
  gitFolder: "git",
  /** Reflog of the branch. */
  reflog: "reflog",
  /** Objects that only the index or the private files refer to. */
  objects: "objects",
} as const;

/** Reads the manifest of a salvage commit. @throws AppError `nothing_salvaged` if it has none */
export async function readManifest(repository: string, salvage: string, limits: GitLimits = {}): Promise<Manifest> {
  try {
    const args = ["cat-file", "blob", `${salvage}:${SALVAGE_PATHS.manifest}`];
    return v.parse(MANIFEST, await git(repository, args, {}, limits));
  } catch (error) {
    const hint =
      "Run codex-mcp-server restore --list to see what can be restored, or update this program if a newer version saved it.";
    throw new AppError("nothing_salvaged", `${salvage} is not a discarded worktree that can be restored.`, hint, error);
  }
}
