import { lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { extname, join } from "node:path";
import * as v from "valibot";
import { repairPrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { TaskPaths } from "#store/store-paths.ts";

/** Input of a run, written before its supervisor starts. */
export interface RunInput {
  prompt: string;
  outputSchema?: object | undefined;
  baseInstructions?: string | undefined;
  /** Diff that the findings of a review are checked against. */
  reviewedDiff?: object | undefined;
}

/** Prepares the folder for a new run: moves the earlier run's files to `runs/<n>/`, overwriting nothing. */
export function openTaskFolder(paths: TaskPaths, earlierRun: number | undefined): void {
  repairPrivateFolder(paths.folder);
  if (earlierRun !== undefined) archiveEarlierRun(paths, earlierRun);
  repairPrivateFolder(paths.live);
}

/** Writes the input of a run and its empty logs. */
export function writeRunInput(paths: TaskPaths, input: RunInput): void {
  inStateFolder(() => {
    writePrivateFile(paths.prompt, input.prompt);
    writePrivateFile(paths.log, "");
    writePrivateFile(paths.stderr, "");
    if (input.baseInstructions !== undefined) writePrivateFile(paths.baseInstructions, input.baseInstructions);
    if (input.reviewedDiff !== undefined) writePrivateFile(paths.reviewedDiff, JSON.stringify(input.reviewedDiff));
    if (input.outputSchema === undefined) return;
    writePrivateFile(paths.outputSchema, `${JSON.stringify(input.outputSchema, null, 2)}\n`);
  });
}

/**
 * Returns paths of images that Codex can take: it splits them at commas, so one with a comma gets a link in the task's folder.
 */
export function toImagePaths(paths: TaskPaths, images: readonly string[]): string[] {
  return images.map((image, index) => {
    if (!image.includes(",")) return image;
    const link = join(paths.folder, `image-${index + 1}${extname(image).replaceAll(",", "")}`);
    inStateFolder(() => symlinkSync(image, link));
    return link;
  });
}

/** Writes the prompt of a further turn of a run. */
export function writeFollowUp(paths: TaskPaths, prompt: string): void {
  inStateFolder(() => writePrivateFile(paths.followUp, prompt));
}

/**
 * Writes the input of a turn under the read-only fallback: the task's instructions followed by the prompt, and a folder of its own.
 * @param promptFile file of the turn's prompt
 */
export function writeReadonlyInput(
  paths: TaskPaths,
  promptFile: string,
  withInstructions: (prompt: string) => string,
): void {
  inStateFolder(() => {
    writePrivateFile(paths.readonlyInput, withInstructions(readOptionalText(promptFile) ?? ""));
    repairPrivateFolder(paths.temporary);
  });
}

/** Writes Codex's last message to its own file. */
export function writeResult(paths: TaskPaths, result: string): void {
  writePrivateFile(paths.result, result);
}

function archiveEarlierRun(paths: TaskPaths, run: number): void {
  const kept = join(paths.runs, String(run));
  repairPrivateFolder(paths.runs);
  repairPrivateFolder(kept);
  for (const name of readdirSync(paths.folder)) {
    const from = join(paths.folder, name);
    if (from === paths.runs || name.endsWith(".tmp")) continue;
    const to = join(kept, name);
    // Never overwrite files of an earlier run, even if the target exists.
    renameSync(from, lstatSync(to, { throwIfNoEntry: false }) === undefined ? to : `${to}.${Date.now()}`);
  }
}

/** Writes the environment for a supervisor that cannot inherit it; only the supervisor can read it, and deletes it afterwards. */
export function writeHandover(paths: TaskPaths, environment: Record<string, string>): void {
  inStateFolder(() => writePrivateFile(paths.handover, JSON.stringify(environment)));
}

/** Reads and deletes the environment left for this run; undefined if there is none. */
export function takeHandover(paths: TaskPaths): Record<string, string> | undefined {
  const text = readOptionalText(paths.handover);
  if (text === undefined) return undefined;
  removeHandover(paths);
  return v.parse(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string())), text);
}

/** Deletes an environment that no supervisor has read. */
export function removeHandover(paths: TaskPaths): void {
  rmSync(paths.handover, { force: true });
}
