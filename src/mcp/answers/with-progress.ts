import { followProgress } from "#tasks/follow/follow-progress.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { Call } from "#mcp/define-tool.ts";

/** Calls a function that may take long and meanwhile reports to the client's user what the tasks are doing. */
export async function withProgress<T>(call: Call, tasks: readonly TaskRecord[], work: () => Promise<T>): Promise<T> {
  if (call.reportProgress === undefined) return work();
  const progress = followProgress(call.open(), tasks, call.reportProgress);
  try {
    return await work();
  } finally {
    progress.close();
  }
}
