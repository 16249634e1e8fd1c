/** Tasks that this very process is starting or ending. */
const inProgress = new Set<string>();

/**
 * Does work on a task, noting meanwhile that it is being done: the index names this process as the
 * owner before and after it, also where the work broke off and could not say so (a full disk).
 */
export async function whileWorkingOn<T>(taskId: string, work: () => Promise<T>): Promise<T> {
  inProgress.add(taskId);
  try {
    return await work();
  } finally {
    inProgress.delete(taskId);
  }
}

/** Whether this process is at work on the task. */
export function isWorkingOn(taskId: string): boolean {
  return inProgress.has(taskId);
}
