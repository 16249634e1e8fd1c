import type { App } from "@modelcontextprotocol/ext-apps";
import type { PageSource } from "#board/page/source/page-source.ts";
import { RequestError } from "#board/page/source/request-error.ts";
import { connection, lastSeen } from "#board/page/state/board-state.ts";
import { callPageTool } from "./call-tool.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { answerOf } from "./host.ts";
import { followChanges, type SeenState } from "./follow-changes.ts";

/** Longest message that is given to the chat, in characters. */
const MAX_MESSAGE = 50_000;

/** Returns the source of tasks that is the server behind a chat client. It has no actions: in the chat, the agent acts. */
export function chatSource(app: App): PageSource {
  /** Tasks that are shown as not having ended. */
  const unfinished = new Set<string>();
  /** Parts of the page that follow a task share the looks at it. */
  const followers = new Map<string, { onChanges: Set<() => void>; stop: () => void }>();
  return {
    kind: "chat",
    actions: undefined,
    get comment() {
      const { message, updateModelContext } = app.getHostCapabilities() ?? {};
      if (message === undefined && updateModelContext === undefined) return undefined;
      const pass = message === undefined ? addToContext : sendToChat;
      return async (id: string, text: string) => pass(app, id, text);
    },
    readTask: async (id) => {
      const task = await callPageTool<TaskPageData>(app, { part: "task", task_id: id });
      unfinished[task.card.ended_at === undefined ? "add" : "delete"](id);
      return task;
    },
    readLog: async (id, query) => callPageTool(app, { part: "log", task_id: id, query: defined({ ...query }) }),
    readOutput: async (id, run, at) => callPageTool(app, { part: "output", task_id: id, query: { run, at } }),
    search: async (id, query) => callPageTool(app, { part: "search", task_id: id, query: { q: query } }),
    readDiff: async (id, since) => callPageTool(app, { part: "diff", task_id: id, query: { since } }),
    readPatch: async (id, query) => callPageTool(app, { part: "patch", task_id: id, query: { ...query } }),
    follow: (id, onChange) => {
      const onChanges = followers.get(id)?.onChanges ?? new Set();
      onChanges.add(onChange);
      const notify = () => onChanges.forEach((each) => each());
      const look = async () => {
        const found = await callPageTool<SeenState>(app, { part: "state", task_id: id });
        // It has ended between the first reading and the first look.
        if (found.is_ended && unfinished.delete(id)) notify();
        return found;
      };
      if (!followers.has(id)) followers.set(id, { onChanges, stop: followChanges(look, notify, noteLook) });
      return () => {
        onChanges.delete(onChange);
        if (onChanges.size > 0) return;
        followers.get(id)?.stop();
        followers.delete(id);
      };
    },
  };
}

/** Shows whether what is shown may be live. */
function noteLook(error?: unknown): void {
  if (error === undefined) lastSeen.value = new Date();
  connection.value = error === undefined ? "live" : "lost";
}

function defined(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function sendToChat(app: App, id: string, text: string): Promise<void> {
  const { isError } = await answerOf(app.sendMessage({ role: "user", content: [toContent(id, text)] }));
  if (isError === true) throw refused();
}

async function addToContext(app: App, id: string, text: string): Promise<void> {
  await answerOf(app.updateModelContext({ content: [toContent(id, text)] }));
}

/** Returns the message with which the user has the agent pass comments on to Codex. */
function toContent(id: string, text: string): { type: "text"; text: string } {
  if (text.length > MAX_MESSAGE) {
    throw new RequestError({
      code: "too_long",
      message: `The comments have ${text.length} characters; the chat takes ${MAX_MESSAGE}.`,
      hint: "Send fewer at a time.",
    });
  }
  return { type: "text", text: `Send these comments to the Codex task ${id} with codex_send:\n\n${text}` };
}

function refused(): RequestError {
  return new RequestError({
    code: "refused",
    message: "The chat did not take the comments.",
    hint: "Copy them instead.",
  });
}
