import { isAbsolute, join } from "node:path";
import { isWithin } from "#base/paths.ts";
import type { Effect } from "#domain/readonly-audit.ts";
import type { Judgement, Write } from "./judge-command.ts";

/** What the kernel was made to refuse. */
export interface Protection {
  /** The folders that it lets the run write to. */
  writable: readonly string[];
  /** Set where it does not keep files from being cut short (Landlock before its third interface). */
  allowsTruncation?: boolean;
  /** Set where permissions, owners and times cannot be changed either (the seccomp filter). */
  refusesAttributes?: boolean;
}

/** What is known of a run besides its commands. */
export interface Circumstances {
  /** Paths relative to `top` that differ in the workspace; undefined where that is not known. */
  differences: readonly { path: string }[] | undefined;
  top: string;
  protection: Protection | undefined;
}

/**
 * Decides whether a command wrote: true where the workspace shows it or where it certainly did it, false where the kernel
 * certainly refused it.
 */
export function effectOfCommand(
  { writes, isSingle, exitCode }: Judgement & { exitCode?: number },
  circumstances: Circumstances,
): Effect {
  if (writes.some(({ targets }) => targets.some((target) => isSeen(target, circumstances)))) return true;
  const refused = writes.filter((write) => isRefused(write, circumstances.protection));
  if (refused.length === writes.length) return false;
  return exitCode === 0 && isSingle === true && refused.length === 0 ? true : "unknown";
}

/** Decides whether a patch was written. @param folder what its path is relative to */
export function effectOfPatch(
  { path, isApplied }: { path: string; isApplied: boolean },
  folder: string,
  circumstances: Circumstances,
): Effect {
  const target = isAbsolute(path) ? path : join(folder, path);
  if (isSeen(target, circumstances)) return true;
  if (!isRefused({ why: "", targets: [target], reach: "files" }, circumstances.protection)) {
    return isApplied ? true : "unknown";
  }
  // Codex says that it wrote what the kernel does not let it write.
  return isApplied ? "unknown" : false;
}

function isSeen(target: string, { differences = [], top }: Circumstances): boolean {
  return differences.some(({ path }) => {
    const changed = join(top, path);
    // A new folder shows as itself, not with what is in it.
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
