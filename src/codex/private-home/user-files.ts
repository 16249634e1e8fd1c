import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { realPath } from "#base/paths.ts";
import { makePrivateFolder, prepareFile, writePrivateFile } from "#platform/files/files.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import type { FindLoginDoubt } from "./login.ts";
import type { HomeFindings } from "./note.ts";
import { isRenewalOf } from "./renewal.ts";

/** Files in CODEX_HOME that determine the behaviour of later runs. */
const FILES =
  /^(?:config\.toml|.+\.config\.toml|auth\.json|AGENTS(?:\.override)?\.md|hooks\.json|requirements\.toml|\.env)$/;
const LOGIN = "auth.json";
const FOLDERS = ["hooks", "rules", "prompts", "skills"];
const MAX_FILES = 500;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;

const FileSchema = v.object({ content: v.string(), mode: v.number() });
type UserFile = v.InferOutput<typeof FileSchema>;

/** Schema of such files: content in base64, by path below CODEX_HOME. */
export const UserFilesSchema = v.object({ files: v.record(v.string(), FileSchema), isComplete: v.boolean() });

/** See {@link UserFilesSchema}. */
export type UserFiles = v.InferOutput<typeof UserFilesSchema>;

/** Reads the user's files in CODEX_HOME that affect later runs, within limits; used if the kernel does not protect them. */
export function readUserFiles(codexHome: string): UserFiles {
  const found: UserFiles = { files: {}, isComplete: true };
  let total = 0;
  for (const path of listUserFiles(codexHome)) {
    const outcome = readFileBounded(join(codexHome, path), { maxBytes: MAX_FILE_BYTES });
    const bytes = "bytes" in outcome ? outcome.bytes : undefined;
    total += bytes?.length ?? 0;
    if (bytes === undefined || total > MAX_TOTAL_BYTES || Object.keys(found.files).length >= MAX_FILES) {
      found.isComplete = false;
    } else {
      const { mode } = statSync(join(codexHome, path));
      found.files[path] = { content: bytes.toString("base64"), mode: mode & 0o777 };
    }
  }
  return found;
}

/**
 * Compares the user's files with their state before a run, and restores it. New files are moved aside and not deleted, since another
 * program may have created them.
 * @param aside folder for them, created if needed
 * @param findings earlier findings in CODEX_HOME; receives the new ones
 * @param login start time of the run, and doubts about a login renewed since then
 */
export function restoreUserFiles(
  codexHome: string,
  before: UserFiles,
  aside: string,
  findings: HomeFindings,
  login: { since: number; doubt: FindLoginDoubt },
): void {
  if (!before.isComplete) findings.notes.push("Some of the user's files in CODEX_HOME could not be compared.");
  const now = readUserFiles(codexHome).files;
  const { [LOGIN]: loginBefore, ...others } = before.files;
  for (const [path, file] of Object.entries(others)) restoreChanged(codexHome, path, file, now[path], aside, findings);
  for (const path of before.isComplete ? listUserFiles(codexHome) : []) {
    if (path in before.files) continue;
    setAside(codexHome, path, aside);
    findings.violations.push({ path, change: `added; moved to ${join(aside, path)}` });
  }
  if (loginBefore === undefined) return;
  // The login comes last: the other findings decide about it.
  const renewed = now[LOGIN];
  if (
    renewed !== undefined &&
    renewed.content !== loginBefore.content &&
    isRenewed(loginBefore, renewed, login.since)
  ) {
    if (login.doubt(findings.violations) === undefined) return;
    // It may be the user's own after all, and the only valid one.
    makePrivateFolder(aside);
    writePrivateFile(join(aside, LOGIN), Buffer.from(renewed.content, "base64"));
    findings.notes.push(`The renewed login (auth.json) was saved as ${join(aside, LOGIN)}.`);
  }
  restoreChanged(codexHome, LOGIN, loginBefore, renewed, aside, findings);
}

function restoreChanged(
  codexHome: string,
  path: string,
  before: UserFile,
  now: UserFile | undefined,
  aside: string,
  { violations }: HomeFindings,
): void {
  if (now?.content === before.content) return;
  const isFolder = lstatSync(join(codexHome, path), { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder) setAside(codexHome, path, aside);
  restore(join(codexHome, path), before);
  violations.push({ path, change: now === undefined ? "removed; restored" : "changed; restored" });
}

function restore(path: string, { content, mode }: UserFile): void {
  makePrivateFolder(dirname(path));
  // The user's file may be a link to another place.
  const real = realPath(path);
  prepareFile(real, Buffer.from(content, "base64")).publish();
  chmodSync(real, mode);
}

function isRenewed(before: UserFile, after: UserFile, since: number): boolean {
  const decode = ({ content }: UserFile) => Buffer.from(content, "base64").toString("utf8");
  return isRenewalOf(decode(before), decode(after), since);
}

function setAside(codexHome: string, path: string, aside: string): void {
  mkdirSync(dirname(join(aside, path)), { recursive: true, mode: 0o700 });
  renameSync(join(codexHome, path), join(aside, path));
}

function listUserFiles(codexHome: string): string[] {
  const top = list(codexHome).filter((name) => FILES.test(name));
  const below: string[] = [];
  const folders = [...FOLDERS];
  for (let folder = folders.pop(); folder !== undefined && below.length <= MAX_FILES; folder = folders.pop()) {
    for (const name of list(join(codexHome, folder))) {
      const path = join(folder, name);
      // Each version of Codex rewrites its own skills.
      if (path === join("skills", ".system")) continue;
      const isFolder = lstatSync(join(codexHome, path), { throwIfNoEntry: false })?.isDirectory() === true;
      (isFolder ? folders : below).push(path);
    }
  }
  return [...top, ...below].slice(0, MAX_FILES + 1);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
