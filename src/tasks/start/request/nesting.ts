import { AppError } from "#base/errors.ts";
import { type Ancestor, listAncestors } from "#platform/process/tree.ts";
import { identifyProcess, type ProcessIdentity, visibleIdentity } from "#platform/process/identity.ts";
import { listRunProcesses } from "#store/tasks/list-tasks.ts";
import { RUN_MARKER } from "#domain/names.ts";
import type { AppContext } from "#tasks/context.ts";

/**
 * Refuses to start a task from within a task: a Codex that is configured with this server would otherwise delegate its
 * own work endlessly. Codex starts MCP servers with a separate environment, so the check looks at the ancestors of this
 * process, for a run's marker or for a process that the index has recorded.
 * @throws AppError `nested_task`
 */
export function checkNesting(context: AppContext): void {
  if (!isNested(context)) return;
  throw new AppError(
    "nested_task",
    "This server was started within a task, and tasks must not start tasks.",
    "Do the work yourself, or set CODEXMCP_NESTED=1 in the environment of both servers to allow nested tasks.",
  );
}

/** Returns whether this process was started within a task, unless tasks may use this server. */
export function isNested({ config, store }: AppContext): boolean {
  if (config.mayNest) return false;
  const ancestors = listAncestors();
  return (
    config.environment[RUN_MARKER] !== undefined ||
    ancestors.some(({ hasVariable }) => hasVariable(RUN_MARKER)) ||
    listRunProcesses(store).some((address) => isAmong(visibleIdentity(address), ancestors))
  );
}

function isAmong(run: ProcessIdentity | undefined, ancestors: readonly Ancestor[]): boolean {
  if (run === undefined) return false;
  return ancestors.some(({ pid }) => pid === run.pid) && identifyProcess(run.pid)?.start === run.start;
}
