import { type MergeOutcome, mergeWorktrees } from "#worktrees/merge-worktrees.ts";
import { type DiscardedOthers, discardOthers, findOthers } from "#worktrees/discard-others.ts";
import { resolveTask } from "#tasks/lookup.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import { AppError } from "#base/errors.ts";
import { defineCommand, JSON_OPTION, TASKS } from "#cli/framework/command.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { describeDiscarded } from "./discard.ts";
import { withStopSignal } from "#cli/framework/stop-signal.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printErrors, printJson, printLines } from "#cli/terminal/output.ts";
import { formatDuration } from "#base/format-values.ts";
import { compose, hangingIndent, multiline, paint, withoutControls } from "#cli/terminal/style.ts";

export const mergeCommand = defineCommand({
  name: "merge",
  group: "worktrees",
  summary: "Merge the branches of tasks",
  details:
    "Merges in the given order, up to the first branch that conflicts. Computes each merge without touching a working tree, " +
    "then applies it in one step or not at all. Conflicts are shown and change nothing; changes in the checkout are never " +
    "overwritten. Your git hooks do not run.",
  operands: TASKS,
  options: {
    strategy: {
      type: "string",
      short: "s",
      choices: ["squash", "merge", "rebase", "ff-only"],
      summary: "How to merge (default: squash, one commit for each task)",
    },
    into: {
      type: "string",
      placeholder: "branch",
      kind: "branch",
      summary: "Branch to merge into (default: the task's base branch)",
    },
    "discard-others": {
      type: "boolean",
      summary: "Merge one try of a group, then discard the others; restore brings them back",
    },
    message: { type: "string", short: "m", placeholder: "text", summary: "Commit message" },
    "require-check": {
      type: "boolean",
      summary: "Refuse tasks whose last run has not passed its check, or changed since",
    },
    check: {
      type: "string",
      placeholder: "command",
      summary: "Merge only if this command passes on each merged result",
    },
    json: JSON_OPTION,
  },
  examples: [
    ["merge implement-parser-v1 implement-lexer-v1", "Add one commit for each task to their base branch"],
    ["merge implement-parser-v1 --check 'npm test'", "Run the tests on the merged files first"],
    ["merge implement-parser-v1 -s rebase --into develop", "Rebase the task's own commits onto another branch"],
  ],
  run: async ({ options, operands }) => {
    const context = openCommandContext();
    const ids = operands.map((name) => resolveTask(context, name).record.task_id);
    const others = options["discard-others"] ? await findOthers(context, ids) : undefined;
    const { strategy = "squash", into, message, json, "require-check": requireCheck, check: command } = options;
    const method = { strategy, into, message, requireCheck };
    let isReported = false;
    // Once: a person sees that the command is running.
    const report = (line: string) => {
      if (!isReported) printErrors([line]);
      isReported = true;
    };
    const outcome = await withStopSignal((signal) => {
      const check = command === undefined ? {} : { check: { command, signal, report } };
      return mergeWorktrees(context, ids, { ...method, ...check });
    });
    const { stopped, not_attempted } = outcome;
    const rest = others === undefined ? undefined : await discardOthers(context, others, outcome);
    if (json) printJson({ ...outcome, ...rest });
    else {
      printOutcome(outcome);
      if (rest !== undefined) printDiscarded(rest);
    }
    if (stopped === undefined) return rest === undefined || rest.not_discarded.length === 0 ? 0 : 1;
    if (not_attempted.length > 0 && !json) printLines([`not attempted: ${not_attempted.join(", ")}`]);
    throw new AppError(stopped.failure.code, stopped.failure.message, stopped.failure.hint);
  },
});

function printDiscarded({ discarded, not_discarded }: DiscardedOthers): void {
  for (const done of discarded) printLines(describeDiscarded(done));
  for (const { task_id, failure } of not_discarded) {
    printErrors([
      hangingIndent(paint(withoutControls(`${task_id} was not discarded: ${failure.message}`), "red")),
      hangingIndent(withoutControls(toCommandHint(failure.hint, task_id))),
    ]);
  }
}

function printOutcome({ merged, no_changes, stopped }: MergeOutcome): void {
  printLines(
    merged.map((each) => {
      const changes = each.diff_stat === "" ? "already merged" : each.diff_stat;
      const checked = each.check === undefined ? "" : `, checked in ${formatDuration(each.check.seconds)}`;
      return compose`${paint(each.agent_branch, "bold")} → ${each.into} (${each.commit.slice(0, 12)}): ${changes}${checked}`;
    }),
  );
  printLines(no_changes.map((each) => compose`${paint(each.agent_branch, "bold")}: no changes`));
  if (stopped?.check !== undefined) printLines([multiline(stopped.check.output_tail.trimEnd())]);
  for (const conflict of stopped?.conflicts ?? []) printConflict(conflict);
}

function printConflict({ path, hunks }: Conflict): void {
  printLines([paint(path, "bold")]);
  for (const { line, text } of hunks) printLines([`  line ${line}:`, multiline(text.replaceAll(/^/gm, "    "))]);
}
