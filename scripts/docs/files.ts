import { basename, join } from "node:path";
import { SALVAGE_REFS } from "#git/salvage/manifest.ts";
import { boardNotePath } from "#store/board-note.ts";
import { storePaths, taskPaths } from "#store/store-paths.ts";
import { LINK_FOLDER } from "#store/workspace-link.ts";
import { code } from "./markdown.ts";

const HOME = "~/.codexmcp";
const { database, worktrees } = storePaths(HOME);
const task = taskPaths(HOME, "<task_id>");
const named = (path: string) => code(basename(path));

/** Places that the server writes to, with their meanings in Markdown. */
export const FILES: readonly (readonly [place: string, meaning: string])[] = [
  [database, "Index of all tasks. If it is lost or damaged, it is rebuilt from the `meta.json` files"],
  [
    `${task.folder}/`,
    `A task: ${named(task.meta)} (its record), ${named(task.prompt)}, ${named(task.log)} (the events of the run, in the form of \`codex exec --json\`), ` +
      `\`codex-exec.times\` (when they were written), ` +
      `${named(task.stderr)}, ${named(task.result)} (Codex's last message in full); if requested, ` +
      `${named(task.patch)}, ${named(task.setupLog)}, ${named(task.checkLog)} and ${named(task.check)} (output and outcome of the last check)`,
  ],
  [join(task.runs, "<n>/"), "Files of the task's earlier runs, kept within the limits for tasks"],
  [`${task.live}/`, "Locks and heartbeat of a run, messages and questions"],
  [
    boardNotePath(HOME),
    "Ports of the boards of the last week, with digests of their secrets, so that open pages find a board that was started again",
  ],
  [`${worktrees}/`, "Worktrees of repositories whose parent folder is not writable"],
  [`<cwd>/${LINK_FOLDER}/<topic>`, "In the workspace: a link to the task's folder. git does not list it"],
  [`${SALVAGE_REFS}/<branch>/<time>`, "In the repository: the ref of a discarded worktree, kept for at least 90 days"],
];
