import { runEndHook } from "#tasks/supervise/finish/end-hook.ts";
import { defineCommand } from "#cli/framework/command.ts";

/** Runs the user's command for the end of a task: `end-hook --folder <folder>`. The supervisor starts it. */
export const endHookCommand = defineCommand({
  name: "end-hook",
  summary: "Run CODEXMCP_ON_END after the end of a task",
  options: { folder: { type: "string", placeholder: "folder", summary: "Working folder of the command" } },
  examples: [],
  run: ({ options: { folder = "/" } }) => runEndHook(process.env["CODEXMCP_ON_END"] ?? "", folder),
});
