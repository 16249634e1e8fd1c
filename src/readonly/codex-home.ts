import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import type { Config } from "#base/config.ts";
import { AppError, errnoOf } from "#base/errors.ts";
import { isWithin, realPath } from "#base/paths.ts";
import { saveLogin, saveSession } from "#codex/private-home/close.ts";
import type { FindLoginDoubt } from "#codex/private-home/login.ts";
import { type HomeFindings, PrivateHomeNoteSchema } from "#codex/private-home/note.ts";
import { openPrivateHome } from "#codex/private-home/open.ts";
import { readUserFiles, restoreUserFiles, UserFilesSchema } from "#codex/private-home/user-files.ts";
import type { RunningTask } from "#domain/record.ts";
import { makePrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import { IS_WINDOWS } from "#base/system.ts";
import { landlockAbi } from "#readonly/confine/landlock.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";

const NoteSchema = v.object({
  home: PrivateHomeNoteSchema,
  /** The user's files, if the kernel does not protect them. */
  user_files: v.exactOptional(UserFilesSchema),
});
/** Maximum size of a note in bytes; it may contain the user's files. */
const MAX_NOTE_BYTES = 64 * 1024 * 1024;

/**
 * Creates a run's own CODEX_HOME, and records outside it the facts that are needed at its end.
 * @returns undefined if there is nothing to make it from: Codex then reports the problem itself
 */
export function openCodexHome({ home, codexHome, environment }: Config, task: RunningTask): string | undefined {
  const paths = taskPaths(home, task.task_id);
  const note = inCodexHome(codexHome, (): v.InferOutput<typeof NoteSchema> | undefined => {
    // Codex creates its default folder when it first starts, which a confined Codex cannot do.
    if (!environment["CODEX_HOME"]) makePrivateFolder(codexHome);
    if (!existsSync(codexHome) || IS_WINDOWS) return undefined;
    makePrivateFolder(join(codexHome, "sessions"));
    return {
      home: openPrivateHome(codexHome, paths.codexHome, task.resumes, task.forks_session),
      ...(landlockAbi() === 0 && { user_files: readUserFiles(codexHome) }),
    };
  });
  if (note === undefined) return undefined;
  makePrivateFolder(paths.workspaceSnapshot);
  writePrivateFile(noteFile(paths), JSON.stringify(note));
  return paths.codexHome;
}

/**
 * Runs a function that works in the user's CODEX_HOME.
 * @throws AppError `invalid_configuration` if it is not a readable and writable folder
 */
export function inCodexHome<T>(codexHome: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || !UNUSABLE.has(code) || !concernsFolder(codexHome, error)) throw error;
    throw new AppError(
      "invalid_configuration",
      `CODEX_HOME (${codexHome}) is not a readable and writable folder: ${String(error)}.`,
      "Set CODEX_HOME to a folder that this server can write to, or make this one writable: Codex keeps the records of sessions there.",
      error,
    );
  }
}

/** Codes of system call errors that are about a path, and not about the disk or the machine. */
const UNUSABLE = new Set([
  "ENOTDIR",
  "EEXIST",
  "EISDIR",
  "EACCES",
  "EPERM",
  "EROFS",
  "ELOOP",
  "ENOENT",
  "ENAMETOOLONG",
]);

/** Returns whether a system call failed because of a path in a folder. */
function concernsFolder(folder: string, error: unknown): boolean {
  const { path, dest } = v.parse(PathsSchema, error);
  // Of two paths, the second is the one to be created.
  const paths = errnoOf(error) === "EEXIST" ? [dest ?? path] : [path, dest];
  const tops = [folder, realPath(folder)];
  return paths.some((each) => each !== undefined && tops.some((top) => isWithin(each, top)));
}

const TextSchema = v.fallback(v.optional(v.string()), undefined);
const PathsSchema = v.object({ path: TextSchema, dest: TextSchema });

/** Facts about a run whose CODEX_HOME is closed. */
export interface ClosedRun {
  sessionId: string | undefined;
  /** Whether the kernel kept it from writing to the user's CODEX_HOME. */
  isEnforced: boolean;
  /** Function that returns a reason not to trust a login that the run has renewed. */
  doubtLogin: FindLoginDoubt;
}

/** Copies the lasting contents of a run's own CODEX_HOME to the user's, and determines what the run changed in both. */
export async function closeCodexHome(
  { home, codexHome }: Config,
  task: RunningTask,
  { sessionId, isEnforced, doubtLogin }: ClosedRun,
): Promise<HomeFindings> {
  const paths = taskPaths(home, task.task_id);
  if (!existsSync(paths.codexHome)) return { violations: [], notes: [] };
  const outcome = readFileBounded(noteFile(paths), { maxBytes: MAX_NOTE_BYTES });
  const text = "bytes" in outcome ? outcome.bytes.toString("utf8") : undefined;
  const note = parseJsonAs(NoteSchema, text);
  if (note === undefined) return { violations: [], notes: ["The record of the run's session could not be kept."] };
  const { home: opened, user_files } = note;
  const findings = await saveSession(codexHome, paths.codexHome, opened, sessionId ?? task.resumes);
  if (!isEnforced && user_files === undefined) {
    findings.notes.push("It is not known whether the run changed the user's files in CODEX_HOME.");
  } else if (!isEnforced && user_files !== undefined) {
    const login = { since: opened.opened_at, doubt: doubtLogin };
    restoreUserFiles(codexHome, user_files, join(paths.folder, "codex-home-removed"), findings, login);
  }
  await saveLogin(codexHome, paths.codexHome, opened, findings, doubtLogin);
  return findings;
}

function noteFile(paths: TaskPaths): string {
  return join(paths.workspaceSnapshot, "codex-home.json");
}
