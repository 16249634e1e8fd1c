import { rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { compareCommits } from "../compare.ts";
import { gitBytes, tryGit } from "../git.ts";
import { GIT_FILES_DEADLINE_MS, runGit } from "../run-git.ts";
import { type ByteName, nameOf, splitNul, toBytes } from "../salvage/names.ts";

/** git says so only while it writes files, so after it has made sure that all of them are as they were committed, or not there. */
const WHILE_WRITING =
  /unable to (?:create file|write file|unlink old|create symlink|write new index|write index|read sha1 file)|cannot create directory at/;
const BEFORE_WRITING = /would be overwritten|would lose untracked/;

/** Whether a merge failed in the middle of writing files, which leaves those that were written. */
export function failedWhileWriting(stderr: string): boolean {
  return WHILE_WRITING.test(stderr) && !BEFORE_WRITING.test(stderr);
}

/**
 * Takes back what a fast-forward from one commit to another has written before it failed: the index is as it was.
 * @throws AppError as `git` does
 */
export async function takeBack(checkout: string, from: string, to: string): Promise<void> {
  const changes = await readChanged(checkout, from, to);
  const top = nameOf(checkout);
  for (const { path, isNew } of changes) if (isNew) remove(top, path);
  const before = changes.filter(({ isNew }) => !isNew).map(({ path }) => `${path}\0`);
  const input = toBytes(before.join(""));
  // What could not be written could not be overwritten either.
  await runGit(checkout, ["checkout-index", "--force", "--quiet", "-z", "--stdin"], {
    input,
    deadlineMs: GIT_FILES_DEADLINE_MS,
  });
  await tryGit(checkout, ["update-index", "-q", "--refresh"]);
}

interface Changed {
  path: ByteName;
  isNew: boolean;
}

async function readChanged(checkout: string, from: string, to: string): Promise<Changed[]> {
  const fields = splitNul(await gitBytes(checkout, compareCommits(from, to, ["--raw", "--no-renames", "-z"])));
  const changes: Changed[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const isSubmodule = / 160000 |:160000 /.test(fields[index] ?? "");
    if (!isSubmodule) changes.push({ path: fields[index + 1] ?? "", isNew: (fields[index] ?? "").endsWith("A") });
  }
  return changes;
}

/** Removes a file, and the folders that are empty without it. */
function remove(top: ByteName, path: ByteName): void {
  try {
    rmSync(toBytes(`${top}/${path}`), { force: true });
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) rmdirSync(toBytes(`${top}/${folder}`));
  } catch {
    // Something else is in there, or it was never made.
  }
}
