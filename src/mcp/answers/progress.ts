import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { ServerNotification, ServerRequest } from "@modelcontextprotocol/sdk/types.js";
import { followProgress } from "#tasks/follow/follow-progress.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { Call } from "#mcp/define-tool.ts";

/** Returns a function that sends a call's progress to the client; undefined if the client gave no progress token. */
export function progressOf(
  params: { _meta?: { progressToken?: string | number | undefined } | undefined },
  { signal, sendNotification }: RequestHandlerExtra<ServerRequest, ServerNotification>,
): ((message: string) => void) | undefined {
  const { _meta: meta } = params;
  const progressToken = meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let progress = 0;
  return (message) => {
    if (signal.aborted) return;
    // The total is unknown: the number only has to increase.
    const notification = {
      method: "notifications/progress" as const,
      params: { progressToken, progress: ++progress, message },
    };
    sendNotification(notification).catch(() => {}); // the client is gone; the transport handles that
  };
}

/** Calls a function that may take long and meanwhile reports to the client's user what the tasks are doing. */
export async function withProgress<T>(call: Call, tasks: readonly TaskRecord[], work: () => Promise<T>): Promise<T> {
  call.wait.add(tasks);
  if (call.reportProgress === undefined) return work();
  const progress = followProgress(call.open(), tasks, call.reportProgress);
  try {
    return await work();
  } finally {
    progress.close();
  }
}
