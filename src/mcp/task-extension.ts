import { statSync } from "node:fs";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { toAnswer } from "#tasks/answer.ts";
import type { AppContext } from "#tasks/context.ts";
import { getRun } from "#tasks/lookup.ts";
import { describeActivity } from "#tasks/follow/running-line.ts";
import { AppError } from "#base/errors.ts";
import { parseRunId, runIdOf } from "#domain/names.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { respond } from "#mcp/answers/respond.ts";
import { RPC_CODES, RpcError } from "#mcp/protocol/rpc-error.ts";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { z } from "zod";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import { takeInputResponses, toInputRequests } from "./ask-client.ts";
import { recordReported, takeEndReports } from "#mcp/ends/report-ends.ts";
import { callerOf, requireTasksExtension } from "./caller.ts";
import { limitsOf } from "#mcp/answers/client-limits.ts";
import { modernMethod } from "#mcp/protocol/modern-protocol.ts";
import { withCollisions } from "#worktrees/collisions/collision-fields.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import type { Session } from "./session.ts";

/** Interval at which a client may poll, in milliseconds. A poll costs this server one read of the index, and the model nothing. */
const POLL_INTERVAL_MS = 1000;

/** Run, represented as a task of the protocol's extension `io.modelcontextprotocol/tasks`. */
export interface McpTask {
  [key: string]: unknown;
  taskId: string;
  status: "working" | "input_required" | "completed" | "cancelled";
  statusMessage: string;
  createdAt: string;
  lastUpdatedAt: string;
  /** Time for which the task is kept; always null (unknown). */
  ttlMs: null;
  pollIntervalMs: number;
  /** Result that the call would have returned; only of a completed task. */
  result?: CallToolResult;
}

/**
 * Converts a run, without its result.
 * @param canAsk whether the client's user can be asked
 */
export function toMcpTask(context: AppContext, task: TaskRecord, canAsk = false): McpTask {
  const inputRequests = canAsk ? toInputRequests(task) : {};
  const isAsking = Object.keys(inputRequests).length > 0;
  const state = isEnded(task)
    ? {
        status: task.status === "cancelled" ? ("cancelled" as const) : ("completed" as const),
        lastUpdatedAt: task.end_time,
      }
    : { status: isAsking ? ("input_required" as const) : ("working" as const), lastUpdatedAt: lastEventAt(task) };
  return {
    taskId: runIdOf(task),
    ...state,
    statusMessage: describeState(context, task),
    createdAt: task.start_time,
    ttlMs: null,
    pollIntervalMs: POLL_INTERVAL_MS,
    ...(isAsking && { inputRequests }),
  };
}

/**
 * Converts a run, with its result. A failed run is `completed` too, because `failed` is only for protocol errors.
 * @param answerBytes size of the largest result that the client accepts
 * @param more further fields of the result, of any answer
 */
export async function toDetailedTask(
  context: AppContext,
  task: TaskRecord,
  { answerBytes, canAsk, more = {} }: { answerBytes: number; canAsk: boolean; more?: object },
): Promise<McpTask> {
  const mcpTask = toMcpTask(context, task, canAsk);
  if (!isEnded(task) || task.status === "cancelled") return mcpTask;
  const data = { ...(await withCollisions(context, task, toAnswer(task), true)), ...more };
  return { ...mcpTask, result: respond({ isError: !data.success, data }, context.config.home, answerBytes) };
}

/** Returns a text that changes when the result of {@link toDetailedTask} does. */
export function taskSignature(context: AppContext, task: TaskRecord): string {
  return `${task.status} ${describeState(context, task)}`;
}

/**
 * Returns the run with a client's task id.
 * @throws RpcError if there is none
 */
export async function findMcpTask(context: AppContext, taskId: string): Promise<TaskRecord> {
  const named = parseRunId(taskId);
  if (named === undefined) throw unknown(taskId);
  return getRun(context, named.taskId, named.run).catch((error: unknown) => {
    throw error instanceof AppError && error.code === "unknown_task" ? unknown(taskId) : error;
  });
}

function unknown(taskId: string): RpcError {
  return new RpcError(RPC_CODES.invalidParams, `There is no task "${taskId}".`);
}

function describeState(context: AppContext, task: TaskRecord): string {
  if (!isEnded(task)) return describeActivity(context, task);
  return task.status === "completed" ? "completed" : `${task.error} ${task.hint}`;
}

function lastEventAt(task: TaskRecord): string {
  const log = statSync(task.log_file, { throwIfNoEntry: false });
  return log === undefined ? task.start_time : log.mtime.toISOString();
}

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
    const { answerBytes } = limitsOf(context.config, caller.name);
    const key = session.clientKey(caller.name);
    if (isEnded(task)) recordReported(context, key, task);
    const hasResult = isEnded(task) && task.status !== "cancelled" && !extra.signal.aborted;
    const wait = session.awaited.open();
    wait.poll(task);
    const report = { clientKey: key, answerBytes, except: wait.others() };
    wait.close();
    const more = hasResult ? takeEndReports(context, report, {}) : {};
    return toDetailedTask(context, task, { answerBytes, canAsk: caller.asksBy !== undefined, more });
  });
  onRequest(server, UpdateRequestSchema, async ({ taskId, inputResponses }, extra) => {
    const caller = callerOf(server, extra);
    requireTasksExtension(caller);
    const context = session.open();
    const task = await findMcpTask(context, taskId);
    await takeInputResponses(context, task, inputResponses, caller.name ?? "MCP client");
    return {};
  });
  onRequest(server, CancelRequestSchema, async ({ taskId }, extra) => {
    requireTasksExtension(callerOf(server, extra));
    const task = await findMcpTask(session.open(), taskId);
    if (!isEnded(task)) await cancelTask(session.open(), task.task_id);
    return {};
  });
}
