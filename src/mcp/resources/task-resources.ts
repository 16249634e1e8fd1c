import {
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ReadResourceRequestSchema,
  type ReadResourceResult,
  type Resource,
  type ResourceTemplate as ResourceTemplateEntry,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { statSync } from "node:fs";
import type { AppContext } from "#tasks/context.ts";
import { getTask } from "#tasks/lookup.ts";
import { listTasks, type TaskLine } from "#tasks/list-tasks.ts";
import { readTaskPart, TASK_PARTS, type TaskPart } from "#tasks/follow/read-task-part.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { isEnded, visibleStatus } from "#domain/record.ts";
import { readView, VIEW_RESOURCE } from "#mcp/app/task-view.ts";
import { VIEW_URI } from "#mcp/app/ui-extension.ts";
import { callerOf } from "#mcp/caller.ts";
import { fitText } from "#mcp/answers/fit-answer.ts";
import { parseTaskUri, resourceUri, TASKS_URI } from "./task-uri.ts";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { ChangeWatch } from "#mcp/change-watch.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import { RpcError, toRpcError } from "#mcp/protocol/rpc-error.ts";
import type { Session } from "#mcp/session.ts";

const LISTED_TASKS = 100;

/** Largest content in bytes. A message of more than 10 MB ends the connection. */
const MAX_BYTES = 9_500_000;

const PARTS: Record<TaskPart, { title: string; description: string; mimeType: string }> = {
  result: {
    title: "Result of a Codex task",
    description: "Codex's last message in full, or the reason why the task failed",
    mimeType: "text/markdown",
  },
  log: {
    title: "Log of a Codex task",
    description: "The end of Codex's JSON lines, at most 1 MiB; the task's log_file has all of them",
    mimeType: "application/x-ndjson",
  },
  events: {
    title: "Events of a Codex task",
    description: "What Codex did: one line for each command, message and change",
    mimeType: "text/plain",
  },
  prompt: { title: "Prompt of a Codex task", description: "Prompt that Codex was given", mimeType: "text/markdown" },
  diff: {
    title: "Diff of a Codex task",
    description: "Changes in its worktree since base_commit, including uncommitted and new files; at most 1 MiB",
    mimeType: "text/x-diff",
  },
};

/** Returns a resource template for each part of a task. */
export function resourceTemplates(): ResourceTemplateEntry[] {
  return TASK_PARTS.map((part) => {
    const { title, description, mimeType } = PARTS[part];
    return { uriTemplate: resourceUri("{task_id}", part), name: `task-${part}`, title, description, mimeType };
  });
}

/** Lists the resources: the list of tasks and, for each of the newest tasks, its result or, while it is unfinished, its events. */
async function listResources(context: AppContext): Promise<Resource[]> {
  const { tasks } = await listTasks(context, { limit: LISTED_TASKS });
  const list: Resource = {
    uri: TASKS_URI,
    name: "tasks",
    title: "Codex tasks",
    description: `The newest ${LISTED_TASKS} tasks, with their states`,
    mimeType: "application/json",
  };
  return [list, ...tasks.map(resourceOf)];
}

function resourceOf({ task_id, status, topic }: TaskLine): Resource {
  const isOver = status !== "queued" && status !== "running" && status !== "waiting";
  const part = isOver ? "result" : "events";
  return {
    uri: resourceUri(task_id, part),
    name: `${topic} ${part}`,
    ...PARTS[part],
    description: `${topic}, ${status}`,
  };
}

/**
 * Returns the content of a resource.
 * @throws AppError `nothing_to_read`, `unknown_task`
 */
async function readResource(context: AppContext, uri: string): Promise<ReadResourceResult> {
  const named = parseTaskUri(uri);
  if (named.taskId === undefined) {
    const page = await listTasks(context, { limit: LISTED_TASKS });
    return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(page, null, 2) }] };
  }
  const { mimeType } = PARTS[named.part];
  const text = await readTaskPart(context, named.taskId, named.part);
  return { contents: [fitText({ uri, mimeType, text }, MAX_BYTES)] };
}

/**
 * Returns a text that changes when the content of a resource does.
 * @throws AppError `nothing_to_read`, `unknown_task`
 */
export async function resourceSignature(context: AppContext, uri: string): Promise<string> {
  const named = parseTaskUri(uri);
  if (named.taskId === undefined) {
    const { tasks } = await listTasks(context, { limit: LISTED_TASKS });
    return tasks.map(({ task_id, status, started_at }) => `${task_id} ${status} ${started_at}`).join("\n");
  }
  const task = await reconcile(context, getTask(context, named.taskId));
  // The files of a running task change only after an action of Codex, which also adds to its log.
  const isByState = named.part === "result" || named.part === "prompt" || isEnded(task);
  const logBytes = isByState ? 0 : (statSync(task.log_file, { throwIfNoEntry: false })?.size ?? 0);
  return `${task.run} ${visibleStatus(task)} ${logBytes}`;
}

/** Lists and reads the tasks as resources. Clients of the older revisions may subscribe to them. */
export function registerResources(server: Server, session: Session, watch: ChangeWatch): void {
  const subscriptions = new Map<string, () => void>();
  const unsubscribe = (uri: string) => {
    subscriptions.get(uri)?.();
    subscriptions.delete(uri);
  };
  onRequest(server, ListResourcesRequestSchema, async (_params, extra) => {
    const resources = await listResources(session.open());
    return { resources: callerOf(server, extra).showsViews ? [...resources, VIEW_RESOURCE] : resources };
  });
  onRequest(server, ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: resourceTemplates() }));
  onRequest(server, ReadResourceRequestSchema, ({ uri }, extra) => {
    const isView = uri === VIEW_URI && callerOf(server, extra).showsViews;
    return (isView ? readView() : readResource(session.open(), uri)).catch((error: unknown) => {
      const { code, message, data } = toRpcError(error);
      throw new RpcError(code, message, { ...data, uri });
    });
  });
  onRequest(server, SubscribeRequestSchema, async ({ uri }) => {
    const look = () => resourceSignature(session.open(), uri);
    const stop = await watch.watch(look, () => void server.sendResourceUpdated({ uri }));
    unsubscribe(uri);
    subscriptions.set(uri, stop);
    return {};
  });
  onRequest(server, UnsubscribeRequestSchema, ({ uri }) => {
    unsubscribe(uri);
    return {};
  });
}
