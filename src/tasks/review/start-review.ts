import type { TaskMode, TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkNesting } from "#tasks/start/request/nesting.ts";
import { type OpenRequest, readCwd } from "#tasks/start/request/complete-request.ts";
import { startOpenTask } from "#tasks/start/start-task.ts";
import { findReviewChanges } from "./find-changes.ts";
import { REVIEW_SCHEMA, reviewPrompt } from "./review-prompt.ts";
import { formatTarget, parseTarget } from "./review-target.ts";

/** Request for a review. */
export interface ReviewRequest extends Pick<
  OpenRequest,
  "client" | "clientKey" | "model" | "reasoningEffort" | "profile" | "timeoutSeconds" | "idleTimeoutSeconds"
> {
  /** Changes to review, as {@link parseTarget} reads them. */
  target: string;
  /** Subject that the reviewer is to look at above all. */
  focus?: string | undefined;
  /** Folder of the repository; by default that of the client. */
  cwd?: string | undefined;
  mode: TaskMode;
}

/**
 * Starts a read-only task that reviews changes and answers with findings.
 * @param findCwd returns the folder that the client works in
 * @throws AppError if there is nothing to review, before any model is asked, and as a start does
 */
export async function startReview(
  context: AppContext,
  { target: text, focus, cwd, ...settings }: ReviewRequest,
  findCwd: () => Promise<string>,
): Promise<TaskRecord> {
  checkNesting(context);
  const target = parseTarget(text);
  const changes = await findReviewChanges(context, target, async () =>
    cwd?.trim() ? readCwd(cwd, findCwd) : findCwd(),
  );
  const { top, files, topic } = changes;
  const request: OpenRequest = {
    ...settings,
    prompt: reviewPrompt(changes, focus),
    cwd: top,
    topic: topicOf(topic),
    sandbox: "read-only",
    outputSchema: REVIEW_SCHEMA,
    review: { target: formatTarget(target), diff: { top, files } },
  };
  return startOpenTask(context, request, findCwd);
}

/** Returns words for a topic, of which none looks like a version: `since release-v2` would always be version 2. */
function topicOf(words: string): string {
  return words.replace(/[\s_-]+v(\d+)$/i, " $1");
}
