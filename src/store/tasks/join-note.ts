import { randomUUID } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { makePrivateFolder, prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { readLockState, tryHold } from "#store/locks/held-lock.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { TaskPaths } from "#store/store-paths.ts";

// The agent can write to this file, so the thread must not look like an option of Codex, and no program is named.
const JoinNoteSchema = v.object({ run: v.number(), thread: v.pipe(v.string(), v.uuid()) });

/** Note that a run can be joined in Codex's own interface; its supervisor writes it when the thread is open. */
export type JoinNote = v.InferOutput<typeof JoinNoteSchema>;

/** Beginning of the names of folders in `live/` that belong to processes of people who have joined. */
const PREFIX = "tui-";
const LOCK = "lock";

/** Writes how a run can be joined. */
export function writeJoinNote(paths: TaskPaths, note: JoinNote): void {
  inStateFolder(() => prepareFile(paths.joinNote, JSON.stringify(note)).publish());
}

/** Returns how a run can be joined; undefined if it cannot, or not yet. */
export function readJoinNote(paths: TaskPaths, { run }: { run: number }): JoinNote | undefined {
  const note = parseJsonAs(JoinNoteSchema, tryReadText(paths.joinNote));
  return note?.run === run ? note : undefined;
}

/** Folder of a process through which a person has joined a task, which the supervisor sees as long as the process is alive. */
export interface JoinFolder {
  path: string;
  /** Deletes it. */
  close: () => void;
}

/** Creates a folder for this process, which joins a task, and deletes those of processes that were killed. */
export function openJoinFolder({ live }: TaskPaths): JoinFolder {
  return inStateFolder(() => {
    for (const path of listJoinFolders(live)) {
      if (readLockState(join(path, LOCK)) === "free") rmSync(path, { recursive: true, force: true });
    }
    const path = join(live, PREFIX + randomUUID());
    makePrivateFolder(path);
    const lock = tryHold(join(path, LOCK));
    const close = () => {
      lock?.release();
      rmSync(path, { recursive: true, force: true });
    };
    return { path, close };
  });
}

/** Returns whether a person has joined the task in Codex's own interface. */
export function isJoined({ live }: TaskPaths): boolean {
  return listJoinFolders(live).some((path) => readLockState(join(path, LOCK)) === "held");
}

function listJoinFolders(live: string): string[] {
  try {
    return readdirSync(live)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => join(live, name));
  } catch {
    return [];
  }
}
