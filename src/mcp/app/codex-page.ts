import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { AppError, toFailure } from "#base/errors.ts";
import { firstLine, takeStart } from "#base/text.ts";
import { isEnded } from "#domain/record.ts";
import { parseRunId } from "#domain/names.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { getTask } from "#tasks/lookup.ts";
import type { AppContext } from "#tasks/context.ts";
import { respondFailure } from "#mcp/answers/respond.ts";
import { readArguments } from "#mcp/read-arguments.ts";
import { resourceSignature } from "#mcp/resources/task-resources.ts";
import { resourceUri } from "#mcp/resources/task-uri.ts";
import type { Session } from "#mcp/session.ts";
import type { ShownToolListing } from "./ui-extension.ts";

/** Name of the tool with which the page in the chat reads. The model is not offered it. */
export const PAGE_TOOL = "codex_page";

/** Largest part of a task that is passed through a chat client, in characters: as JSON, each may take six bytes, and a message 10 MB. */
const MAX_PART_LENGTH = 1024 * 1024;

const input = z.object({
  part: z.enum(["task", "log", "output", "search", "diff", "patch", "state", "started"]),
  task_id: z.string().optional(),
  query: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

/** Returns the entry of the tool in `tools/list`. Its only caller is the page, so it describes nothing. */
export function listPageTool(): ShownToolListing {
  return {
    name: PAGE_TOOL,
    title: "Read a task for its view",
    description: "For the view of a task.",
    annotations: { readOnlyHint: true, openWorldHint: false },
    inputSchema: { type: "object" },
    outputSchema: { type: "object" },
    _meta: { ui: { visibility: ["app"] } },
  };
}

/** Answers a call of the page. It reports no ends of tasks, unlike answers to the model, which would then not get to know them. */
export async function answerPage(
  session: Session,
  args: unknown,
  waitedFor: readonly string[],
  signal: AbortSignal,
): Promise<CallToolResult> {
  try {
    const { part, task_id: id, query = {} } = readArguments(PAGE_TOOL, input, args).values;
    const context = session.open();
    if (part === "started") return answerWith({ data: findStarted(context, waitedFor, String(query["prompt"] ?? "")) });
    if (id === undefined) throw new AppError("invalid_argument", "task_id is missing.", "Name a task.");
    if (part === "state") return answerWith({ data: await readState(context, id) });
    const [{ readTaskData }, board] = await Promise.all([import("#board/chat/read-task-data.ts"), session.openBoard()]);
    const response = await readTaskData(board, part, id, query, signal);
    const body = await response.text();
    if (!response.ok) return { isError: true, content: [{ type: "text", text: body }] };
    if (part === "output") return answerWith({ data: cutOutput(body) });
    if (body.length > MAX_PART_LENGTH) throw tooLong(body.length);
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return answerWith({ data: isJson ? JSON.parse(body) : body });
  } catch (error) {
    return respondFailure(toFailure(error));
  }
}

/** Returns the tasks that the client's calls wait for and that have this prompt: their answers do not name them yet. */
function findStarted({ store }: AppContext, runs: readonly string[], prompt: string): { ids: string[] } {
  const title = firstLine(prompt);
  const ids = runs.flatMap((run) => parseRunId(run)?.taskId ?? []);
  return { ids: ids.filter((id) => findTask(store, id)?.record.title === title) };
}

/** Returns a text that changes when the task or its log does, and whether it has ended. */
async function readState(context: AppContext, id: string): Promise<{ state: string; is_ended: boolean }> {
  const task = await reconcile(context, getTask(context, id));
  return {
    state: await resourceSignature(context, resourceUri(task.task_id, "log")),
    is_ended: isEnded(task),
  };
}

function cutOutput(text: string): string {
  if (text.length <= MAX_PART_LENGTH) return text;
  return `${takeStart(text, MAX_PART_LENGTH)}\n[… ${text.length - MAX_PART_LENGTH} more characters: codex-mcp-server board shows them …]\n`;
}

function tooLong(length: number): AppError {
  const size = (length / 1_000_000).toFixed(1);
  const message = `This part has ${size} million characters, which is too much for the chat.`;
  return new AppError("nothing_to_read", message, "Run codex-mcp-server board to see it.");
}

/** Returns a result that only the page reads: as text, it would be sent twice. */
function answerWith(structuredContent: { data: unknown }): CallToolResult {
  return { content: [], structuredContent };
}
