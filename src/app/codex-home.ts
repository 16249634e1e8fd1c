import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { bringHome } from "#codex/private-home/close.ts";
import { type HomeFindings, PrivateHomeNoteSchema } from "#codex/private-home/note.ts";
import { openPrivateHome } from "#codex/private-home/open.ts";
import { readUserFiles, restoreUserFiles, UserFilesSchema } from "#codex/private-home/user-files.ts";
import { landlockAbi } from "#confine/landlock.ts";
import type { Config } from "#lib/config.ts";
import { makePrivateFolder, writePrivateFile } from "#lib/files.ts";
import { tryReadText } from "#lib/read-file.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import type { RunningTask } from "#task/record.ts";

const NoteSchema = v.object({
  home: PrivateHomeNoteSchema,
  /** Where the kernel does not protect them. */
  user_files: v.exactOptional(UserFilesSchema),
});
/** The user's files may be in it. */
const MAX_NOTE_BYTES = 64 * 1024 * 1024;

/**
 * Makes a run's own CODEX_HOME, and notes outside of it what is to be known at its end.
 * @returns undefined where there is nothing to make it from: Codex then says itself what is wrong
 */
export function openCodexHome({ home, codexHome, environment }: Config, task: RunningTask): string | undefined {
  const paths = taskPaths(home, task.task_id);
  // Codex makes its usual folder at its first start; confined, it could not.
  if (!environment["CODEX_HOME"]) makePrivateFolder(codexHome);
  if (!existsSync(codexHome) || process.platform === "win32") return undefined;
  makePrivateFolder(join(codexHome, "sessions"));
  const note: v.InferOutput<typeof NoteSchema> = {
    home: openPrivateHome(codexHome, paths.codexHome, task.resumes),
    ...(landlockAbi() === 0 && { user_files: readUserFiles(codexHome) }),
  };
  makePrivateFolder(paths.witness);
  writePrivateFile(noteFile(paths), JSON.stringify(note));
  return paths.codexHome;
}

/** Brings what is to last of a run's own CODEX_HOME to the user's, and finds out what the run did to both. */
export function closeCodexHome(
  { home, codexHome }: Config,
  task: RunningTask,
  sessionId: string | undefined,
  isEnforced: boolean,
): HomeFindings {
  const paths = taskPaths(home, task.task_id);
  if (!existsSync(paths.codexHome)) return { violations: [], notes: [] };
  const text = tryReadText(noteFile(paths), { maxBytes: MAX_NOTE_BYTES });
  const note = v.safeParse(v.pipe(v.string(), v.parseJson(), NoteSchema), text);
  if (!note.success) return { violations: [], notes: ["What Codex wrote to its session could not be kept."] };
  const findings = bringHome(codexHome, paths.codexHome, note.output.home, sessionId ?? task.resumes);
  const { user_files } = note.output;
  if (isEnforced) return findings;
  if (user_files === undefined) {
    findings.notes.push("Whether the run changed the user's files in CODEX_HOME is not known.");
    return findings;
  }
  const restored = restoreUserFiles(codexHome, user_files, join(paths.folder, "codex-home-removed"));
  return {
    violations: [...findings.violations, ...restored.violations],
    notes: [...findings.notes, ...restored.notes],
  };
}

function noteFile(paths: TaskPaths): string {
  return join(paths.witness, "codex-home.json");
}
