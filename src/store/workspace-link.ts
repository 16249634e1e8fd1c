import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { logger } from "#base/log.ts";

/** Folder in a workspace with links to its tasks' folders, and a `.gitignore`. */
export const LINK_FOLDER = ".codex-tasks";

/**
 * Links `<cwd>/.codex-tasks/<name>` to a task's folder, for people and IDEs. The folder ignores itself, so that git does not list it. It is
 * a convenience: if it cannot be created (a read-only workspace, another file of that name), the task continues without it.
 */
export function linkIntoWorkspace(cwd: string, name: string, taskFolder: string): void {
  try {
    const folder = join(cwd, LINK_FOLDER);
    mkdirSync(folder, { recursive: true });
    // A link here could lead anywhere: the repository may not be trusted.
    if (!lstatSync(folder).isDirectory()) return;
    writeIfMissing(join(folder, ".gitignore"), "*\n");
    replaceLink(join(folder, name), taskFolder);
  } catch (error) {
    logger("store").warn`no link was created in ${cwd}: ${String(error)}`;
  }
}

/** Removes that link, if it still points to this task's folder. */
export function unlinkFromWorkspace(cwd: string, name: string, taskFolder: string): void {
  try {
    const link = join(cwd, LINK_FOLDER, name);
    if (readlinkSync(link) === taskFolder) rmSync(link);
  } catch {
    // Already removed, or not ours.
  }
}

function writeIfMissing(path: string, content: string): void {
  try {
    writeFileSync(path, content, { flag: "wx" });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

function replaceLink(link: string, target: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() === true) {
    if (readlinkSync(link) === target) return;
    rmSync(link);
  } else if (there !== undefined) {
    return; // the user's own file
  }
  // On Windows, links need a privilege and junctions do not; other systems ignore the type.
  symlinkSync(target, link, "junction");
}
