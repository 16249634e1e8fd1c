import { confineCommand } from "#cli/internal/confine.ts";
import { endHookCommand } from "#cli/internal/end-hook.ts";
import { joinTaskCommand } from "#cli/internal/join-task.ts";
import { keepOrphansCommand } from "#cli/internal/keep-orphans.ts";
import { runTaskCommand } from "#cli/internal/run-task.ts";
import { versionCommand } from "#cli/internal/version.ts";
import { boardCommand } from "#cli/board/board.ts";
import { exportCommand } from "#cli/board/export.ts";
import { doctorCommand } from "#cli/setup/doctor.ts";
import { installCommand } from "#cli/setup/install.ts";
import { serveCommand } from "#cli/setup/serve.ts";
import { attachCommand } from "#cli/tasks/attach.ts";
import { answerCommand } from "#cli/tasks/answer.ts";
import { cancelCommand } from "#cli/tasks/cancel.ts";
import { logsCommand } from "#cli/tasks/logs.ts";
import { resumeCommand, runCommand } from "#cli/tasks/run.ts";
import { reviewCommand } from "#cli/tasks/review.ts";
import { showCommand } from "#cli/tasks/show.ts";
import { tasksCommand } from "#cli/tasks/tasks.ts";
import { sendCommand } from "#cli/tasks/send.ts";
import { waitCommand } from "#cli/tasks/wait.ts";
import { cleanCommand } from "#cli/worktrees/clean.ts";
import { compareCommand } from "#cli/worktrees/compare.ts";
import { diffCommand } from "#cli/worktrees/diff.ts";
import { discardCommand } from "#cli/worktrees/discard.ts";
import { mergeCommand } from "#cli/worktrees/merge.ts";
import { proofCommand } from "#cli/worktrees/proof.ts";
import { restoreCommand } from "#cli/worktrees/restore.ts";
import { verifyCommand } from "#cli/worktrees/verify.ts";
import { worktreesCommand } from "#cli/worktrees/worktrees.ts";
import type { Command } from "./command.ts";
import { completionCommand, makeCompleteCommand } from "./completion.ts";
import { makeHelpCommand } from "./help.ts";

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  installCommand,
  doctorCommand,
  runCommand,
  resumeCommand,
  reviewCommand,
  tasksCommand,
  boardCommand,
  showCommand,
  exportCommand,
  logsCommand,
  attachCommand,
  waitCommand,
  sendCommand,
  answerCommand,
  cancelCommand,
  worktreesCommand,
  diffCommand,
  compareCommand,
  mergeCommand,
  discardCommand,
  restoreCommand,
  proofCommand,
  verifyCommand,
  cleanCommand,
  completionCommand,
  makeHelpCommand(() => COMMANDS, findCommand),
  versionCommand,
  runTaskCommand,
  joinTaskCommand,
  confineCommand,
  keepOrphansCommand,
  endHookCommand,
  makeCompleteCommand(() => COMMANDS, findCommand),
];

/**
 * Returns the command that a word means: its name or one of its other names.
 * @param next word after it, which decides between a command for all tasks and one for a single task
 */
export function findCommand(name: string, next?: string): Command | undefined {
  const named = COMMANDS.find((command) => command.name === name);
  if (named !== undefined) return named;
  const others = COMMANDS.filter(({ aliases }) => aliases?.includes(name));
  const hasOperand = next !== undefined && !next.startsWith("-");
  return others.find(({ operands }) => (operands !== undefined) === hasOperand) ?? others[0];
}
