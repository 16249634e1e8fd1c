import { readConfig } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { joinTask } from "#tasks/attach/join-task.ts";
import { openContextForTask } from "#tasks/context.ts";
import { isTaskId } from "#domain/names.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { readJoinNote } from "#store/tasks/join-note.ts";
import { taskPaths } from "#store/store-paths.ts";
import { showNotice } from "#tmux/pane-window.ts";
import { tmuxServerOf } from "#tmux/tmux.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";

const LEFT = "Codex's interface was closed; the task continues. Detach with the tmux prefix, then d.";

/**
 * Shows a running task in Codex's own interface: `join-task <id> --home=<state folder> --run=<number> --codex=<program>
 * --codex-home=<folder>`. tmux starts it in the task's session (`tmux/pane-window.ts`).
 */
export const joinTaskCommand = defineCommand({
  name: "join-task",
  summary: "Show a running task in Codex's own interface",
  operands: ONE_TASK,
  options: {
    home: { type: "string", placeholder: "folder", summary: "State folder" },
    run: { type: "count", placeholder: "number", summary: "Number of the task's run" },
    codex: { type: "string", placeholder: "file", summary: "Codex program" },
    "codex-home": { type: "string", placeholder: "folder", summary: "Codex's own folder" },
  },
  examples: [],
  run: async ({ options: { home, run, codex, "codex-home": codexHome }, operands: [taskId = ""] }) => {
    const isWhole = home !== undefined && run !== undefined && codex !== undefined && codexHome !== undefined;
    if (!isTaskId(taskId) || !isWhole) {
      throw new AppError(
        "invalid_argument",
        "join-task needs a task id and all its options.",
        "Run `codex-mcp-server attach <task>`, which starts it.",
      );
    }
    const context = openContextForTask({ ...readConfig(process.env), home, codexBinary: codex, codexHome });
    const task = findTask(context.store, taskId)?.record;
    const note = readJoinNote(taskPaths(home, taskId), { run });
    if (task === undefined || task.run !== run || note === undefined) return 1;
    // The window closes with the interface, so its modes need not be undone.
    const end = await joinTask(context, task, note, () => {});
    if (end.by === "run") return 0;
    const session = task.tmux_session;
    if (session !== undefined) await showNotice(tmuxServerOf(context.config, task), session, LEFT);
    return end.exitCode;
  },
});
