import { copyFileSync, lstatSync, readdirSync, symlinkSync } from "node:fs";
import { constants } from "node:fs";
import { dirname, join, relative } from "node:path";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { digestFile } from "#platform/files/file-digest.ts";
import { realPath } from "#base/paths.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
import { readLoginToRenew } from "./login.ts";
import type { PrivateHomeNote } from "./note.ts";

/** What Codex writes by itself (seen in 0.169): each run has its own. */
const PRIVATE =
  /^(?:sessions|archived_sessions|session_index\.jsonl|history\.jsonl|logs?|tmp|cache|shell_snapshots|thread-writer-locks|.*\.sqlite(?:-\w+)?|.*\.lock)$/;

/** Small files that Codex rewrites now and then: each run gets a copy. */
const COPIED = /^(?:installation_id|version\.json|models_cache\.json|internal_storage\.json|\.\w+_migration)$/;
const MAX_COPIED_BYTES = 4 * 1024 * 1024;

/** Folders in which Codex writes beside what is the user's, and what of them is Codex's own. */
const SHARED: Readonly<Record<string, RegExp>> = {
  skills: /^\.system$/,
  ".tmp": /\.lock$|clone|^git-/,
};

/**
 * Makes a CODEX_HOME for one run: links to what is in the user's, which the run cannot write to, and room for what Codex
 * writes. The record of a resumed session is copied there; so is a login that is to be renewed.
 * @param own is made
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
  // Where the file system can, no bytes are copied.
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  const fingerprint = digestFile(to);
  return fingerprint === undefined ? undefined : { path, ...fingerprint };
}
