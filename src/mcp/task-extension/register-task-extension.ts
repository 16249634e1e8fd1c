import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { z } from "zod";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import { isEnded } from "#domain/record.ts";
import { callerOf, requireTasksExtension } from "#mcp/caller.ts";
import { limitsOf } from "#mcp/answers/client-limits.ts";
import { modernMethod } from "#mcp/protocol/modern-method.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import type { Session } from "#mcp/session.ts";
import { findMcpTask, toDetailedTask } from "./mcp-task.ts";

const params = z.looseObject({ taskId: z.string() });
const GetRequestSchema = z.object({ method: z.literal(modernMethod("tasks/get")), params });
const UpdateRequestSchema = z.object({ method: z.literal(modernMethod("tasks/update")), params });
const CancelRequestSchema = z.object({ method: z.literal(modernMethod("tasks/cancel")), params });

/** Answers requests about tasks that calls of `codex` returned. Every server of this user knows all of them. */
export function registerTaskExtension(server: Server, session: Session): void {
  onRequest(server, GetRequestSchema, async ({ taskId }, extra) => {
    const caller = callerOf(server, extra);
    requireTasksExtension(caller);
    const context = session.open();
    const task = await findMcpTask(context, taskId);
    return toDetailedTask(context, task, limitsOf(context.config, caller.name).answerBytes);
  });
  // Codex in `exec` asks no questions, so there is nothing to answer.
  onRequest(server, UpdateRequestSchema, async ({ taskId }, extra) => {
    requireTasksExtension(callerOf(server, extra));
    await findMcpTask(session.open(), taskId);
    return {};
  });
  onRequest(server, CancelRequestSchema, async ({ taskId }, extra) => {
    requireTasksExtension(callerOf(server, extra));
    const task = await findMcpTask(session.open(), taskId);
    if (!isEnded(task)) await cancelTask(session.open(), task.task_id);
    return {};
  });
}
