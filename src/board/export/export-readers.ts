import { joinEntries } from "#board/api/join-entries.ts";
import { readPatchPart } from "#board/changes/patch-files.ts";
import { readTaskDiff } from "#board/changes/read-diff.ts";
import { readConversation, readEntryOutput } from "#board/conversation/read-conversation.ts";
import type { BoardContext } from "#board/server/route.ts";
import { readTaskPage } from "#board/task/task-page.ts";
import type { ExportReaders } from "./collect-export.ts";

/** Returns the functions by which the board reads a task. */
export function exportReaders(context: BoardContext): ExportReaders {
  const { app } = context;
  return {
    readTask: async (name) => readTaskPage(app, name),
    readLog: async (id, query) => readConversation(app, id, query),
    readOutput: async (id, run, at) => readEntryOutput(app, id, { run, at }),
    readDiff: async (id, since) => readTaskDiff(context, id, since),
    readPatch: async (key, offset, length) =>
      new TextDecoder().decode(await readPatchPart(context, key, offset, length)),
    joinEntries,
  };
}
