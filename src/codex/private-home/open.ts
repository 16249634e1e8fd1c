import { copyFileSync, lstatSync, readdirSync, symlinkSync, constants } from "node:fs";
import { dirname, join, relative } from "node:path";
import { realPath } from "#base/paths.ts";
import { findLineage } from "#codex/run/session-lineage.ts";
import { digestFile } from "#platform/files/file-digest.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { readLoginToRenew } from "./login.ts";
import type { PrivateHomeNote } from "./note.ts";

/** Files and folders that Codex creates by itself (seen in 0.169): each run has its own. */
const PRIVATE =
  /^(?:sessions|archived_sessions|session_index\.jsonl|history\.jsonl|logs?|tmp|cache|shell_snapshots|thread-writer-locks|.*\.sqlite(?:-\w+)?|.*\.lock)$/;

/** Small files that Codex rewrites occasionally: each run gets a copy. */
const COPIED = /^(?:installation_id|version\.json|models_cache\.json|internal_storage\.json|\.\w+_migration)$/;
const MAX_COPIED_BYTES = 4 * 1024 * 1024;

/** Folders in which Codex writes beside the user's files, and the names that are Codex's own. */
const SHARED: Readonly<Record<string, RegExp>> = {
  skills: /^\.system$/,
  ".tmp": /\.lock$|clone|^git-/,
};

/**
 * Creates a CODEX_HOME for one run: links to the user's files, which the run cannot write to, and writable folders for Codex's own. It
 * contains copies of the records of the session that is resumed or copied, and of a login that is due for renewal.
 * @param own path of the folder, which is created
 */
export function openPrivateHome(
  userHome: string,
  own: string,
  resumes: string | undefined,
  forks?: string,
): PrivateHomeNote {
  const user = realPath(userHome);
  const opened_at = Date.now();
  makePrivateFolder(own);
  const login = readLoginToRenew(user);
  for (const name of readdirSync(user)) {
    if (PRIVATE.test(name) || (name === "auth.json" && login !== undefined)) continue;
    const from = join(user, name);
    const shared = SHARED[name];
    const stat = lstatSync(from);
    if (shared !== undefined && stat.isDirectory()) linkEntries(from, join(own, name), shared);
    else if (COPIED.test(name) && stat.isFile()) copySmall(from, join(own, name), stat.size);
    else symlinkSync(from, join(own, name));
  }
  if (login !== undefined) writePrivateFile(join(own, "auth.json"), login.text);
  const sources = [resumes, forks].filter((id) => id !== undefined).flatMap((id) => copyRecords(user, own, id));
  const resumed = resumes === undefined ? undefined : fingerprintOf(own, sources[0]);
  return {
    opened_at,
    ...(resumed && { resumed }),
    ...(sources.length > 0 && { sources }),
    ...(login && { login: login.fingerprint }),
  };
}

function linkEntries(from: string, to: string, except: RegExp): void {
  makePrivateFolder(to);
  for (const name of readdirSync(from)) if (!except.test(name)) symlinkSync(join(from, name), join(to, name));
}

function copySmall(from: string, to: string, size: number): void {
  if (size <= MAX_COPIED_BYTES) copyFileSync(from, to);
}

/** Copies the records that a session consists of. @returns their paths within `sessions`, the session's own first */
function copyRecords(user: string, own: string, sessionId: string): string[] {
  return findLineage(user, sessionId).records.map((from) => {
    const path = relative(join(user, "sessions"), from);
    const to = join(own, "sessions", path);
    makePrivateFolder(dirname(to));
    // Copies no bytes if the file system supports it.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return path;
  });
}

function fingerprintOf(own: string, path: string | undefined): PrivateHomeNote["resumed"] | undefined {
  const fingerprint = path === undefined ? undefined : digestFile(join(own, "sessions", path));
  return path === undefined || fingerprint === undefined ? undefined : { path, ...fingerprint };
}
