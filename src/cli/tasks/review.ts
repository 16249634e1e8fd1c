import { resolve } from "node:path";
import { expandHome } from "#base/paths.ts";
import { startReview } from "#tasks/review/start-review.ts";
import { defineCommand } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { RUN_OPTIONS } from "./run.ts";
import { startAndReport } from "./run-and-report.ts";

const { model, effort, profile, timeout, detach, quiet } = RUN_OPTIONS;

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
    cwd: { ...RUN_OPTIONS.cwd, summary: "Folder of the repository (default: the current one)" },
    model,
    effort,
    profile,
    timeout,
    detach,
    json: { type: "boolean", summary: "Print the findings with all facts about the task as JSON" },
    quiet,
  },
  examples: [
    ["review", "Review what is not committed yet"],
    ['review base:main --focus "error handling"', "Review a branch"],
    ["review task:implement-parser-v1", "Review what a task did, before it is merged"],
    ["review base:origin/main --fail-on P1 --timeout 20m", "Fail a CI job for serious faults"],
  ],
  run: async ({ options, operands: [target = "uncommitted"] }) => {
    const { focus, cwd, "fail-on": failOn } = options;
    const context = openCommandContext();
    const request = {
      target,
      focus,
      cwd: cwd === undefined ? undefined : resolve(expandHome(cwd)),
      model: options.model,
      reasoningEffort: options.effort,
      profile: options.profile,
      timeoutSeconds: options.timeout,
      mode: options.detach ? "dispatch" : "blocking",
      client: "command line",
    } as const;
    return startAndReport(context, async () => startReview(context, request, async () => process.cwd()), {
      isJson: options.json,
      isDetached: options.detach,
      isQuiet: options.quiet,
      failOn: failOn === undefined ? undefined : PRIORITIES.indexOf(failOn),
    });
  },
});
