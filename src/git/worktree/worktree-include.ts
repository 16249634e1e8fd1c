import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { listSome } from "#base/text.ts";
import { FileCopier } from "./copy-files.ts";
import { findGitFolders } from "#git/git-folders.ts";
import { gitBytes } from "#git/git.ts";
import { type ByteName, splitNul, toText } from "#git/byte-names.ts";

/** Name of the file that selects, in git's syntax for ignored files, the ignored files to copy into a worktree. */
const INCLUDE_FILE = ".worktreeinclude";
const MAX_INCLUDE_BYTES = 1024 * 1024;

/**
 * Copies the ignored files that a working tree's `.worktreeinclude` selects into a worktree, within limits. Existing files
 * stay, and links are neither followed nor written through.
 * @returns a description of what was left out, and why; undefined if nothing was
 */
export async function copyIncluded(toplevel: string, worktree: string): Promise<string | undefined> {
  const include = readFileBounded(join(toplevel, INCLUDE_FILE), { maxBytes: MAX_INCLUDE_BYTES, within: toplevel });
  if (!("bytes" in include)) {
    return include.problem === "missing" ? undefined : `Nothing was copied into the worktree: ${include.message}`;
  }
  let wanted: ByteName[];
  try {
    wanted = await listWanted(toplevel, include.bytes, findGitFolders(toplevel)?.gitDir ?? toplevel);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "git_failed") throw error;
    return `Nothing was copied into the worktree: ${error.message}`;
  }
  const copier = new FileCopier(toplevel, worktree);
  for (const path of wanted) await copier.copy(path);
  const { leftOut } = copier;
  if (leftOut.length === 0) return undefined;
  const named = leftOut.map(({ path, reason }) => `${toText(path)} (${reason})`);
  return `Some files in ${INCLUDE_FILE} were not copied into the worktree: ${listSome(named)}.`;
}

/** Lists the ignored files that the patterns select. @param folder for a temporary file, if no other place can be written to */
async function listWanted(toplevel: string, patterns: Buffer, folder: string): Promise<ByteName[]> {
  // A copy: the file may be replaced before git reads it.
  return withTemporaryFolder({ fallback: folder }, async (temporary) => {
    const file = join(temporary, "patterns");
    writeFileSync(file, patterns);
    const list = async (which: string) =>
      splitNul(await gitBytes(toplevel, ["ls-files", "--others", "--ignored", "-z", which]));
    const [named, ignored] = await Promise.all([list(`--exclude-from=${file}`), list("--exclude-standard")]);
    const isIgnored = new Set(ignored);
    // A nested repository is listed as a folder.
    return named.filter((path) => isIgnored.has(path) && !path.endsWith("/"));
  });
}
