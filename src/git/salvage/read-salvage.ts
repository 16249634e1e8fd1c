import { AppError } from "#base/errors.ts";
import { type ByteName, splitNul } from "#git/byte-names.ts";
import { gitBytes } from "#git/git.ts";
import { readObjects } from "#git/repository/objects.ts";

/** A file within a salvage commit. */
export interface SavedFile {
  path: ByteName;
  /** File mode: `100644`, `100755` or `120000`. */
  mode: string;
  object: string;
}

/** Returns the files below one of a salvage commit's places, with relative paths. */
export async function listSaved(repository: string, commit: string, place: string): Promise<SavedFile[]> {
  const lines = splitNul(await gitBytes(repository, ["ls-tree", "-r", "-z", commit, "--", place]));
  return lines.map((line) => {
    const tab = line.indexOf("\t");
    const [mode = "", , object = ""] = line.slice(0, tab).split(" ");
    return { path: line.slice(tab + 1 + place.length + 1), mode, object };
  });
}

/** Size of a batch of files in bytes. */
const BATCH_BYTES = 64 * 1024 * 1024;
/** Maximum size of git's answer in bytes: a batch, its last file, and a line for each. */
const MAX_ANSWER_BYTES = 4 * BATCH_BYTES;

/**
 * Passes on the unmodified content of each file, in batches of bounded size.
 * @param takeLarge receives the files that are too large for a batch
 */
export async function readSaved(
  repository: string,
  files: readonly SavedFile[],
  take: (file: SavedFile, content: Buffer) => void,
  takeLarge: (file: SavedFile) => Promise<void>,
): Promise<void> {
  const sizes = await readSizes(repository, files);
  let batch: SavedFile[] = [];
  let bytes = 0;
  const readBatch = async () => {
    if (batch.length > 0) await readAll(repository, batch, take);
    [batch, bytes] = [[], 0];
  };
  for (const [index, file] of files.entries()) {
    const size = sizes[index] ?? 0;
    if (size > BATCH_BYTES) {
      await takeLarge(file);
      continue;
    }
    batch.push(file);
    bytes += size;
    if (bytes > BATCH_BYTES) await readBatch();
  }
  await readBatch();
}

async function readSizes(repository: string, files: readonly SavedFile[]): Promise<number[]> {
  if (files.length === 0) return [];
  const input = Buffer.from(files.map(({ object }) => `${object}\n`).join(""));
  const answer = await gitBytes(repository, ["cat-file", "--batch-check=%(objectsize)"], { input });
  return answer.toString().trim().split("\n").map(Number);
}

async function readAll(
  repository: string,
  files: readonly SavedFile[],
  take: (file: SavedFile, content: Buffer) => void,
): Promise<void> {
  const objects = files.map(({ object }) => object);
  const contents = await readObjects(repository, objects, MAX_ANSWER_BYTES);
  for (const [index, file] of files.entries()) {
    const content = contents[index];
    if (content === undefined) throw missingObject(repository, file.object);
    take(file, content);
  }
}

function missingObject(repository: string, object: string): AppError {
  return new AppError(
    "git_failed",
    `The repository ${repository} lacks the object ${object} of a discarded worktree.`,
    "Run git fsck there to see what else is missing.",
  );
}
