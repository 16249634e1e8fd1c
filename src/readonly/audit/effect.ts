import { isAbsolute, join } from "node:path";
import { isWithin } from "#base/paths.ts";
import type { Effect } from "#domain/readonly-audit.ts";
import type { Judgement, Write } from "./finding.ts";

/** Restrictions that the kernel enforced on a run. */
export interface Protection {
  /** Folders that the run may write to. */
  writable: readonly string[];
  /** Set if files can still be truncated (Landlock before ABI 3). */
  allowsTruncation?: boolean;
  /** Set if permissions, owners and times cannot be changed either (the seccomp filter). */
  refusesAttributes?: boolean;
}

/** Facts about a run other than its commands. */
export interface RunConditions {
  /** Differences in the workspace, with paths relative to `top`; undefined if they are not known. */
  differences: readonly { path: string }[] | undefined;
  top: string;
  protection: Protection | undefined;
}

/**
 * Determines whether a command wrote: true if the workspace shows it or the command certainly did it, false if the kernel
 * certainly refused it.
 */
export function effectOfCommand(
  { writes, isSingle, exitCode }: Judgement & { exitCode?: number },
  conditions: RunConditions,
): Effect {
  if (writes.some(({ targets }) => targets.some((target) => isSeen(target, conditions)))) return true;
  const refused = writes.filter((write) => isRefused(write, conditions.protection));
  if (refused.length === writes.length) return false;
  return exitCode === 0 && isSingle === true && refused.length === 0 ? true : "unknown";
}

/** Determines whether a patch was written. @param folder base folder of its relative path */
export function effectOfPatch(
  { path, isApplied }: { path: string; isApplied: boolean },
  folder: string,
  conditions: RunConditions,
): Effect {
  const target = isAbsolute(path) ? path : join(folder, path);
  if (isSeen(target, conditions)) return true;
  if (!isRefused({ why: "", targets: [target], reach: "files" }, conditions.protection)) {
    return isApplied ? true : "unknown";
  }
  // Codex reports a write that the kernel does not allow.
  return isApplied ? "unknown" : false;
}

function isSeen(target: string, { differences = [], top }: RunConditions): boolean {
  return differences.some(({ path }) => {
    const changed = join(top, path);
    // A new folder is listed as one difference, without its contents.
    return isWithin(changed, target) || isWithin(target, changed);
  });
}

function isRefused({ targets, isPartial, reach }: Write, protection: Protection | undefined): boolean {
  if (protection === undefined) return false;
  if (reach === "attributes") return protection.refusesAttributes === true;
  if (reach === "beyond" || protection.allowsTruncation === true) return false;
  const isOutside = (target: string) => !protection.writable.some((folder) => isWithin(target, folder));
  return targets.length > 0 && isPartial !== true && targets.every(isOutside);
}
