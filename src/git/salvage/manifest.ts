import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { git } from "#git/git.ts";
import type { GitLimits } from "#git/run-git.ts";

/** Beginning of the refs that keep salvaged worktrees: `<this>/<branch>/<time>`. */
export const SALVAGE_REFS = "refs/codexmcp/salvage";

const bytes = v.string();

const ManifestSchema = v.object({
  version: v.literal(1),
  /** Where the worktree stood. */
  worktree: v.string(),
  /** Its branch, without `refs/heads/`, and where that pointed. */
  branch: v.optional(v.string()),
  tip: v.optional(v.string()),
  /** The commit that was checked out. */
  head: v.optional(v.string()),
  /** Paths, one character for each byte: in the index and not in the folder. */
  absent: v.array(bytes),
  empty_folders: v.array(bytes),
  /** Permissions that git does not keep. */
  modes: v.record(bytes, v.number()),
  /** Ignored by git and, as it was wished, not saved. */
  left_out: v.array(bytes),
});

const MANIFEST = v.pipe(v.string(), v.parseJson(), ManifestSchema);

/** Facts in a salvage commit beside the files that it has. */
export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** The names within a salvage commit. */
export const PLACES = {
  manifest: "manifest.json",
  /** The files of the worktree, as they were. */
  files: "files",
  /** The index, a plain one. */
  index: "index",
  /** The private files of the worktree in git's own folder. */
  gitFolder: "git",
  /** The branch's reflog. */
  reflog: "reflog",
  /** What only the index or those files name. */
  objects: "objects",
} as const;

/** Reads what a salvage says of itself. @throws AppError `nothing_salvaged` where it is none */
export async function readManifest(repository: string, salvage: string, limits: GitLimits = {}): Promise<Manifest> {
  try {
    const args = ["cat-file", "blob", `${salvage}:${PLACES.manifest}`];
    return v.parse(MANIFEST, await git(repository, args, {}, limits));
  } catch (error) {
    const hint =
      "Run codex-mcp-server restore --list to see what else is kept; a newer version of this program may have written this.";
    throw new AppError("nothing_salvaged", `${salvage} is no discarded worktree that can be restored.`, hint, error);
  }
}
