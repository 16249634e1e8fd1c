import type { z } from "zod";
import type { StartRequest } from "#tasks/start/check-request.ts";
import type { TaskMode } from "#domain/record.ts";
import type { startInput } from "#mcp/schemas.ts";

/** Converts the parameters of a tool to a request of the use case. */
export function toStartRequest(args: z.output<typeof startInput>, mode: TaskMode): StartRequest {
  return {
    prompt: args.prompt,
    cwd: args.cwd,
    topic: args.topic,
    sandbox: args.sandbox,
    mode,
    sessionId: args.session_id,
    model: args.model,
    reasoningEffort: args.reasoning_effort,
    profile: args.profile,
    images: args.images,
    outputSchema: args.output_schema,
    base: args.base,
    includeUncommitted: args.include_uncommitted,
    commit: args.commit,
    timeoutSeconds: args.timeout_seconds,
    idleTimeoutSeconds: args.idle_timeout_seconds,
  };
}
