import { chmodSync, lstatSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { makePrivateFolder, prepareFile } from "#lib/files.ts";
import { listNames, realPath } from "#lib/paths.ts";
import { readFileBounded } from "#lib/read-file.ts";
import { isRenewalOf } from "./login.ts";
import type { HomeFindings } from "./note.ts";

/** What of CODEX_HOME decides what later runs do. */
const FILES =
  /^(?:config\.toml|.+\.config\.toml|auth\.json|AGENTS(?:\.override)?\.md|hooks\.json|requirements\.toml|\.env)$/;
const FOLDERS = ["hooks", "rules", "prompts", "skills"];
const MAX_FILES = 500;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;

const FileSchema = v.object({ content: v.string(), mode: v.number() });

/** Such files, their content in base64, by their path below CODEX_HOME. */
export const UserFilesSchema = v.object({ files: v.record(v.string(), FileSchema), isComplete: v.boolean() });

/** See {@link UserFilesSchema}. */
export type UserFiles = v.InferOutput<typeof UserFilesSchema>;

/** Reads the user's files in CODEX_HOME that later runs go by, within limits: for where the kernel does not protect them. */
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
 * Compares the user's files with what they were before a run, and makes them so again. What has come up is moved aside,
 * since it may be somebody else's.
 * @param aside a folder that is made where it is needed
 */
export function restoreUserFiles(codexHome: string, before: UserFiles, aside: string): HomeFindings {
  const findings: HomeFindings = { violations: [], notes: [] };
  if (!before.isComplete) findings.notes.push("Not all of the user's files in CODEX_HOME could be compared.");
  const now = readUserFiles(codexHome).files;
  for (const [path, file] of Object.entries(before.files)) {
    const found = now[path]?.content;
    if (found === file.content || (path === "auth.json" && isRenewed(file.content, found))) continue;
    const isFolder = lstatSync(join(codexHome, path), { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder) setAside(codexHome, path, aside);
    restore(join(codexHome, path), file);
    findings.violations.push({ path, change: found === undefined ? "removed; restored" : "changed; restored" });
  }
  for (const path of before.isComplete ? listUserFiles(codexHome) : []) {
    if (path in before.files) continue;
    setAside(codexHome, path, aside);
    findings.violations.push({ path, change: `added; moved to ${join(aside, path)}` });
  }
  return findings;
}

function restore(path: string, { content, mode }: v.InferOutput<typeof FileSchema>): void {
  makePrivateFolder(dirname(path));
  // The user's may be a link to somewhere else.
  const real = realPath(path);
  prepareFile(real, Buffer.from(content, "base64")).publish();
  chmodSync(real, mode);
}

function isRenewed(before: string, after: string | undefined): boolean {
  const decode = (text: string) => Buffer.from(text, "base64").toString("utf8");
  return after !== undefined && isRenewalOf(decode(before), decode(after));
}

function setAside(codexHome: string, path: string, aside: string): void {
  mkdirSync(dirname(join(aside, path)), { recursive: true, mode: 0o700 });
  renameSync(join(codexHome, path), join(aside, path));
}

function listUserFiles(codexHome: string): string[] {
  const top = listNames(codexHome).filter((name) => FILES.test(name));
  const below: string[] = [];
  const folders = [...FOLDERS];
  for (let folder = folders.pop(); folder !== undefined && below.length <= MAX_FILES; folder = folders.pop()) {
    for (const name of listNames(join(codexHome, folder))) {
      const path = join(folder, name);
      // Codex's own skills are written anew by each version of it.
      if (path === join("skills", ".system")) continue;
      const isFolder = lstatSync(join(codexHome, path), { throwIfNoEntry: false })?.isDirectory() === true;
      (isFolder ? folders : below).push(path);
    }
  }
  return [...top, ...below].slice(0, MAX_FILES + 1);
}
