import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Notification } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { type Caller, callerOf, requireTasksExtension } from "#mcp/caller.ts";
import type { ChangeWatch } from "#mcp/change-watch.ts";
import { isEnded } from "#domain/record.ts";
import { recordReported } from "#mcp/ends/report-ends.ts";
import { limitsOf } from "#mcp/answers/client-limits.ts";
import { onRequest } from "./on-request.ts";
import { resourceSignature } from "#mcp/resources/task-resources.ts";
import type { Session } from "#mcp/session.ts";
import { findMcpTask, taskSignature, toDetailedTask } from "#mcp/task-extension.ts";
import { modernMethod } from "./modern-protocol.ts";

/** Subscriptions of a client. The lists of tools and prompts do not change while the server runs. */
const ListenRequestSchema = z.object({
  method: z.literal(modernMethod("subscriptions/listen")),
  params: z.looseObject({
    notifications: z.looseObject({
      resourceSubscriptions: z.array(z.string()).optional(),
      taskIds: z.array(z.string()).optional(),
    }),
  }),
});

/** Something that a client can subscribe to. */
interface Topic {
  kind: "resourceSubscriptions" | "taskIds";
  name: string;
  look: () => Promise<string>;
  /** Returns the notification to send after a change. */
  news: () => Promise<Notification>;
}

/** Notifies modern clients of changes as long as they listen. Ignores unknown resources and tasks. */
export function registerListening(server: Server, session: Session, watch: ChangeWatch): void {
  onRequest(server, ListenRequestSchema, async ({ notifications }, extra) => {
    const { resourceSubscriptions = [], taskIds = [] } = notifications;
    const caller = callerOf(server, extra);
    if (taskIds.length > 0) requireTasksExtension(caller);
    const topics = [
      ...resourceSubscriptions.map((uri) => resourceTopic(session, uri)),
      ...taskIds.map((taskId) => taskTopic(session, taskId, caller)),
    ];
    const acknowledged = Promise.withResolvers<void>();
    const followed = await Promise.all(
      topics.map(async (topic) => {
        const notify = () => void acknowledged.promise.then(topic.news).then(extra.sendNotification, () => {});
        const stop = await watch.watch(topic.look, notify).catch(() => undefined);
        return stop === undefined ? [] : [{ topic, stop }];
      }),
    ).then((all) => all.flat());
    const accepted = Object.groupBy(followed, ({ topic }) => topic.kind);
    await extra.sendNotification({
      method: "notifications/subscriptions/acknowledged",
      params: {
        notifications: Object.fromEntries(
          Object.entries(accepted).map(([kind, those]) => [kind, those.map(({ topic }) => topic.name)]),
        ),
      },
    });
    acknowledged.resolve();
    await session.track(untilAborted(AbortSignal.any([extra.signal, session.leaving])));
    for (const { stop } of followed) stop();
    return {};
  });
}

function resourceTopic(session: Session, uri: string): Topic {
  return {
    kind: "resourceSubscriptions",
    name: uri,
    look: () => resourceSignature(session.open(), uri),
    news: async () => ({ method: "notifications/resources/updated", params: { uri } }),
  };
}

function taskTopic(session: Session, taskId: string, { name: clientName, asksBy }: Caller): Topic {
  return {
    kind: "taskIds",
    name: taskId,
    look: async () => taskSignature(session.open(), await findMcpTask(session.open(), taskId)),
    news: async () => {
      const context = session.open();
      const { answerBytes } = limitsOf(context.config, clientName);
      const task = await findMcpTask(context, taskId);
      if (isEnded(task)) recordReported(context, session.clientKey(clientName), task);
      return {
        method: "notifications/tasks",
        params: await toDetailedTask(context, task, { answerBytes, canAsk: asksBy !== undefined }),
      };
    },
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
