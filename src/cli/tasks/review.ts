import { resolve } from "node:path";
import { expandHome } from "#base/paths.ts";
import { startReview } from "#tasks/review/start-review.ts";
import { defineCommand } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { startAndReport } from "./run-and-report.ts";

const PRIORITIES = ["P0", "P1", "P2", "P3"] as const;

export const reviewCommand = defineCommand({
  name: "review",
  group: "tasks",
  summary: "Review changes and print the findings",
  details:
    "The target is uncommitted (the default; new files too), base:<branch> (all changes since the history left that branch), commit:<sha>, or " +
    "task:<task> (the changes in its worktree). Findings go to stdout, with lines that are in the diff; progress goes to stderr if that is " +
    "a terminal. Exits with 0 whatever is found, with 3 for findings that --fail-on names, and otherwise as `run` does.",
  operands: { usage: "[<target>]", min: 0, max: 1 },
  options: {
    focus: { type: "string", placeholder: "words", summary: "What to look at above all" },
    "fail-on": {
      type: "string",
      placeholder: "priority",
      choices: PRIORITIES,
      summary: "Exit with 3 if a finding has this priority, or a more urgent one; P0 is the most urgent",
    },
    cwd: {
      type: "string",
      placeholder: "folder",
      kind: "folder",
      summary: "Folder of the repository (default: the current one)",
    },
    model: { type: "string", short: "m", placeholder: "name", summary: "Model for this task" },
    effort: { type: "string", placeholder: "level", summary: "Reasoning effort, for example low or high" },
    profile: { type: "string", short: "p", placeholder: "name", summary: "Codex profile" },
    timeout: { type: "duration", short: "t", summary: "Stop the task after this time, for example 15m or 2h" },
    detach: { type: "boolean", short: "d", summary: "Print the task's id once it is started, and leave it running" },
    json: { type: "boolean", summary: "Print the findings with all facts about the task as JSON" },
    quiet: { type: "boolean", short: "q", summary: "Print nothing but errors on stderr" },
  },
  examples: [
    ["review", "Review what is not committed yet"],
    ['review base:main --focus "error handling"', "Review a branch"],
    ["review task:implement-parser-v1", "Review what a task did, before it is merged"],
    ["review base:origin/main --fail-on P1 --timeout 20m", "Fail a CI job for serious faults"],
  ],
  run: async ({ options, operands: [target = "uncommitted"] }) => {
    const { json, detach, quiet, focus, cwd, model, effort, profile, timeout, "fail-on": failOn } = options;
    const context = openCommandContext();
    const request = {
      target,
      focus,
      cwd: cwd === undefined ? undefined : resolve(expandHome(cwd)),
      model,
      reasoningEffort: effort,
      profile,
      timeoutSeconds: timeout,
      mode: detach ? "dispatch" : "blocking",
      client: "command line",
    } as const;
    return startAndReport(context, async () => startReview(context, request, async () => process.cwd()), {
      isJson: json,
      isDetached: detach,
      isQuiet: quiet,
      failOn: failOn === undefined ? undefined : PRIORITIES.indexOf(failOn),
    });
  },
});
