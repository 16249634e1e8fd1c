import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base/errors.ts";
import { sha256 } from "#base/digest.ts";
import { formatPlural } from "#base/text.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import type { ChangedPath, DiffOverview } from "#board/api/changes.ts";
import type { BoardContext } from "#board/server/route.ts";
import { PatchScanner } from "./patch-scanner.ts";

/** Number of patches that are kept. */
const MAX_PATCHES = 8;

/** Longest part of a patch that one request gets, in bytes. */
export const MAX_SLICE_BYTES = 8 * 1024 * 1024;

/** Patch that was written, with its files. */
export type WrittenPatch = Pick<DiffOverview, "key" | "files" | "diff_stat" | "patch_bytes">;

/**
 * Keeps a patch, and deletes older ones.
 * @param write writes it to a file
 */
export async function keepPatch(
  context: BoardContext,
  write: (file: string) => Promise<unknown>,
): Promise<WrittenPatch> {
  const folder = patchFolder(context);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${crypto.randomUUID()}.tmp`);
  try {
    // git keeps the permissions of an existing file.
    writePrivateFile(file, "");
    await write(file);
    const files = await scanFile(file);
    // The same differences have the same name, so that a page sees that nothing has changed.
    const key = sha256(JSON.stringify(files));
    renameSync(file, patchPath(context, key));
    removeOld(folder);
    return { key, files, diff_stat: summarize(files), patch_bytes: statSync(patchPath(context, key)).size };
  } finally {
    rmSync(file, { force: true });
  }
}

async function scanFile(file: string): Promise<ChangedPath[]> {
  const scanner = new PatchScanner();
  for await (const part of Bun.file(file).stream()) {
    scanner.feed(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    // Other requests are answered meanwhile.
    await Bun.sleep(0);
  }
  return scanner.end();
}

/**
 * Reads a part of a patch.
 * @throws AppError `nothing_to_read` if the patch is no longer kept
 */
export async function readPatchPart(
  context: BoardContext,
  key: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Bun.file(patchPath(context, key))
      .slice(offset, offset + length)
      .bytes();
  } catch {
    throw new AppError("nothing_to_read", "These changes are no longer kept.", "Reload the changes.");
  }
}

function patchFolder({ temporary }: BoardContext): string {
  return join(temporary, "patches");
}

function patchPath(context: BoardContext, key: string): string {
  return join(patchFolder(context), `${key}.patch`);
}

function removeOld(folder: string): void {
  const kept = readdirSync(folder)
    .filter((name) => name.endsWith(".patch"))
    .map((name) => ({
      path: join(folder, name),
      time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs,
    }))
    .toSorted((a, b) => (b.time ?? 0) - (a.time ?? 0));
  for (const { path } of kept.slice(MAX_PATCHES)) rmSync(path, { force: true });
}

/** Returns the summary of files in the format of `git diff --shortstat`. */
function summarize(files: readonly ChangedPath[]): string {
  if (files.length === 0) return "";
  const sum = (name: "insertions" | "deletions") => files.reduce((total, file) => total + file[name], 0);
  const [added, deleted] = [sum("insertions"), sum("deletions")];
  return [
    `${formatPlural(files.length, "file")} changed`,
    ...(added > 0 || deleted === 0 ? [`${formatPlural(added, "insertion")}(+)`] : []),
    ...(deleted > 0 || added === 0 ? [`${formatPlural(deleted, "deletion")}(-)`] : []),
  ].join(", ");
}
