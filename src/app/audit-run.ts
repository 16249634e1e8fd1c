import { judgeRun } from "#audit/judge-run.ts";
import { readActions } from "#codex/run-actions.ts";
import { readRestriction } from "#confine/confined-command.ts";
import type { Restriction } from "#confine/restriction.ts";
import { isWithin } from "#lib/paths.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { ReadonlyAudit } from "#task/readonly-audit.ts";
import type { RunningTask } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { questionWorkspace, type WorkspaceTestimony } from "./witness.ts";

/** What came of a run under the read-only fallback: its log, the workspace, and what the kernel forbade, together. */
export async function auditRun(context: AppContext, task: RunningTask): Promise<ReadonlyAudit> {
  const { home, codexHome } = context.config;
  const { temporary, confinement } = taskPaths(home, task.task_id);
  const restriction = readRestriction(confinement);
  const workspace = await questionWorkspace(context, task);
  const unprotected = [codexHome];
  const isExposed = unprotected.some((folder) => isWithin(task.run_dir, folder));
  const isProtected = restriction.enforcement === "landlock" && !isExposed;
  const { commands, patches } = readActions(task.log_file);
  const { unknown_commands, commands_judged, ...judgement } = judgeRun({
    surroundings: { folder: task.run_dir, temporary },
    commands,
    patches,
    differences: workspace?.differences,
    top: workspace?.evidence.path ?? task.run_dir,
    protection: isProtected ? { writable: unprotected } : undefined,
  });
  return {
    mode: "fallback",
    ...judgement,
    enforcement: isProtected ? "landlock" : "none",
    evidence: {
      unknown_commands,
      commands_judged,
      ...(workspace !== undefined && { workspace: workspace.evidence }),
      ...(restriction.enforcement === "landlock" && { landlock_abi: restriction.abi }),
      notes: notesOn({ restriction, isProtected, workspace }),
    },
  };
}

interface Circumstances {
  restriction: Restriction;
  isProtected: boolean;
  workspace: WorkspaceTestimony | undefined;
}

function notesOn({ restriction, isProtected, workspace }: Circumstances): string[] {
  const notes: string[] = [];
  if (restriction.enforcement === "none") {
    notes.push(`Nothing but its instructions kept this run from writing: ${restriction.reason}.`);
  } else if (!isProtected) {
    notes.push(
      "The workspace lies in a folder that Codex must be able to write to (CODEX_HOME): it was not protected.",
    );
  } else if (restriction.abi < 3) {
    notes.push("This kernel's Landlock is old: it does not keep files from being cut short (truncate).");
  }
  if (workspace === undefined) notes.push("The workspace could not be compared with what it was before the run.");
  if (isProtected && workspace !== undefined && workspace.differences.length > 0) {
    notes.push(
      "The kernel kept this run from writing to the workspace, which changed all the same: another program may have done that while the run lasted.",
    );
  }
  return notes;
}
