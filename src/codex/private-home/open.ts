import { copyFileSync, lstatSync, readdirSync, symlinkSync, constants } from "node:fs";
import { dirname, join, relative } from "node:path";
import { realPath } from "#base/paths.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
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
 * contains copies of the resumed session's record and of a login that is due for renewal.
 * @param own path of the folder, which is created
 */
export function openPrivateHome(userHome: string, own: string, resumes: string | undefined): PrivateHomeNote {
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
  const resumed = resumes === undefined ? undefined : copySession(user, own, resumes);
  return { opened_at, ...(resumed && { resumed }), ...(login && { login: login.fingerprint }) };
}

function linkEntries(from: string, to: string, except: RegExp): void {
  makePrivateFolder(to);
  for (const name of readdirSync(from)) if (!except.test(name)) symlinkSync(join(from, name), join(to, name));
}

function copySmall(from: string, to: string, size: number): void {
  if (size <= MAX_COPIED_BYTES) copyFileSync(from, to);
}

function copySession(user: string, own: string, sessionId: string): PrivateHomeNote["resumed"] | undefined {
  const from = findSessionFile(user, sessionId);
  if (from === undefined) return undefined;
  const path = relative(join(user, "sessions"), from);
  const to = join(own, "sessions", path);
  makePrivateFolder(dirname(to));
  // Copies no bytes if the file system supports it.
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  const fingerprint = digestFile(to);
  return fingerprint === undefined ? undefined : { path, ...fingerprint };
}
