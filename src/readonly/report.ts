import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { isWithin } from "#base/paths.ts";
import { namesLogin } from "#codex/private-home/login.ts";
import type { HomeViolation } from "#codex/private-home/note.ts";
import { readActions, type RunActions } from "#codex/run/run-actions.ts";
import type { RunResult } from "#codex/run/run-log.ts";
import type { ReadonlyAudit, Violation } from "#domain/readonly-audit.ts";
import type { RunningTask } from "#domain/record.ts";
import { judgeRun } from "#readonly/audit/judge-run.ts";
import { readRestriction } from "#readonly/confine/confined-command.ts";
import { landlockAbi } from "#readonly/confine/landlock.ts";
import type { Restriction } from "#readonly/confine/restrict.ts";
import { taskPaths } from "#store/store-paths.ts";
import { closeCodexHome } from "./codex-home.ts";
import { diffWorkspace, type WorkspaceDiff } from "./workspace.ts";

/**
 * Audits a run under the read-only fallback, from its log, the workspace, its CODEX_HOME, and the kernel's restrictions. Copies
 * the lasting contents of its CODEX_HOME to the user's.
 */
export async function auditRun(context: { config: Config }, task: RunningTask, run: RunResult): Promise<ReadonlyAudit> {
  const { temporary, confinement, codexHome } = taskPaths(context.config.home, task.task_id);
  const restriction = readTrustedRestriction(confinement);
  const workspace = await diffWorkspace(context, task);
  const writable = [codexHome, temporary];
  const isExposed = writable.some((folder) => isWithin(task.run_dir, folder));
  const isProtected = restriction.enforcement === "landlock" && !isExposed;
  const log = checkLog(task, run);
  const { commands, patches, unknown } = readActionsIfAny(task.log_file);
  const judge = (home: readonly HomeViolation[]) =>
    judgeRun({
      surroundings: { folder: task.run_dir, temporary },
      commands,
      patches,
      unknownEvents: unknown,
      differences: workspace?.differences,
      isPartlyCompared: (workspace?.evidence.not_covered.length ?? 0) > 0,
      top: workspace?.evidence.path ?? task.run_dir,
      protection: isProtected ? protectionBy(restriction, writable) : undefined,
      others: [...log.violations, ...home.map(toHomeViolation)],
    });
  const home = await closeCodexHome(context.config, task, {
    sessionId: run.state.sessionId,
    isEnforced: restriction.enforcement === "landlock",
    doubtLogin: (violations) => {
      if (namesLogin(codexHome, commands, patches)) return "named";
      return judge(violations).verdict === "VIOLATION" ? "violation" : undefined;
    },
  });
  const { unknown_commands, commands_judged, unknown_events, ...judgement } = judge(home.violations);
  return {
    mode: "fallback",
    ...judgement,
    enforcement: isProtected ? "landlock" : "none",
    evidence: {
      unknown_commands,
      commands_judged,
      ...(unknown_events !== undefined && { unknown_events }),
      ...(workspace !== undefined && { workspace: workspace.evidence }),
      ...(restriction.enforcement === "landlock" && { landlock_abi: restriction.abi }),
      seccomp: restriction.seccomp,
      capabilities_dropped: restriction.capabilities_dropped,
      notes: [...describeGaps({ restriction, isProtected, workspace }), ...log.notes, ...home.notes],
    },
  };
}

/** Reads the restrictions in force; without Landlock, the run could have written a false report. */
function readTrustedRestriction(report: string): Restriction {
  const restriction = readRestriction(report);
  if (restriction.enforcement === "none" || landlockAbi() > 0) return restriction;
  const { seccomp, capabilities_dropped } = restriction;
  return { enforcement: "none", reason: "this kernel has no Landlock", seccomp, capabilities_dropped };
}

function protectionBy(restriction: Restriction, writable: readonly string[]) {
  const isOld = restriction.enforcement === "landlock" && restriction.abi < 3;
  return { writable, refusesAttributes: restriction.seccomp, ...(isOld && { allowsTruncation: true }) };
}

/** Compares the log with the data that was read from it while it was written. */
function checkLog(task: RunningTask, { log, isAdopted }: RunResult): { violations: Violation[]; notes: string[] } {
  const notes =
    log === undefined || isAdopted === true
      ? ["The supervisor of this run ended before the run, so it is not known whether the log was changed."]
      : [];
  if (log === undefined || log.isIntact()) return { violations: [], notes };
  const change = "changed or truncated after it was written";
  return { violations: [{ kind: "log", path: task.log_file, change, took_effect: true }], notes };
}

function readActionsIfAny(logFile: string): RunActions {
  try {
    return readActions(logFile);
  } catch (error) {
    logger("readonly").warn`the log ${logFile} could not be read: ${String(error)}`;
    return { commands: [], patches: [], unknown: ["a log that cannot be read"] };
  }
}

function toHomeViolation({ path, change }: HomeViolation): Violation {
  return { kind: "codex_home", path, change, took_effect: true };
}

interface RunProtection {
  restriction: Restriction;
  isProtected: boolean;
  workspace: WorkspaceDiff | undefined;
}

function describeGaps({ restriction, isProtected, workspace }: RunProtection): string[] {
  const notes: string[] = [];
  if (restriction.enforcement === "none") {
    notes.push(`Only its instructions kept this run from writing: ${restriction.reason}.`);
  } else if (!isProtected) {
    notes.push("The workspace is in a folder that this run could write to, so it was not protected.");
  } else notes.push(...describeMissing(restriction));
  if (workspace === undefined) notes.push("The workspace could not be compared with its state before the run.");
  if (isProtected && workspace !== undefined && workspace.differences.length > 0) {
    notes.push(
      "The kernel kept this run from writing to the workspace, but the workspace changed: another program may have changed it during the run.",
    );
  }
  return notes;
}

/** Describes the restrictions that the kernel could not enforce. */
function describeMissing(restriction: Restriction & { enforcement: "landlock" }): string[] {
  const { abi, seccomp, capabilities_dropped } = restriction;
  return [
    ...(abi < 3 ? ["The kernel's Landlock is too old to keep the run from truncating files."] : []),
    ...(abi < 6
      ? ["The kernel's Landlock is too old to keep the run from sending signals to other processes of this user."]
      : []),
    ...(seccomp
      ? []
      : [
          "System calls were not filtered, so changes to file attributes and requests to other programs were not prevented.",
        ]),
    ...(capabilities_dropped ? [] : ["The capabilities of the run could not be dropped."]),
  ];
}
