import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { type CallToolResult, ElicitResultSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { callerOf } from "#mcp/caller.ts";
import { findClientFolder } from "#mcp/client-folder.ts";
import { limitsOf } from "#mcp/answers/client-limits.ts";
import { type Extra, onRequest } from "#mcp/protocol/on-request.ts";
import { progressOf } from "#mcp/answers/progress.ts";
import type { Session } from "#mcp/session.ts";
import { type EndReports, takeEndReports } from "#mcp/ends/report-ends.ts";
import type { EndMessages } from "#mcp/ends/watch-ends.ts";
import type { Call, Tool } from "#mcp/define-tool.ts";
import { answerPage, listPageTool, PAGE_TOOL } from "#mcp/app/codex-page.ts";
import { withView } from "#mcp/app/ui-extension.ts";
import { codex } from "./codex.ts";
import { codexCancel } from "./codex-cancel.ts";
import { codexCompare } from "./codex-compare.ts";
import { codexDiff } from "./codex-diff.ts";
import { codexDiscard } from "./codex-discard.ts";
import { codexDispatch } from "./codex-dispatch.ts";
import { codexMerge } from "./codex-merge.ts";
import { codexReply } from "./codex-reply.ts";
import { codexReview } from "./codex-review.ts";
import { codexWait } from "./codex-wait.ts";
import { codexSend } from "./codex-send.ts";
import { codexStatus } from "./codex-status.ts";
import type { AppContext } from "#tasks/context.ts";
import { MAX_TIMER_MS } from "#base/concurrency.ts";
import { AppError, toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { respond, respondFailure } from "#mcp/answers/respond.ts";
import { toMcpTask } from "#mcp/task-extension.ts";

/** Lists the tools and answers their calls. */
export function registerTools(server: Server, session: Session, messages: EndMessages): void {
  onRequest(server, ListToolsRequestSchema, (_params, extra) => {
    const tools = ALL_TOOLS.map((tool) => tool.describe());
    return { tools: callerOf(server, extra).showsViews ? [...tools.map(withView), listPageTool()] : tools };
  });
  onRequest(server, ToolCallSchema, (params, extra) => {
    const caller = callerOf(server, extra);
    if (caller.showsViews && params.name === PAGE_TOOL) {
      return session.track(answerPage(session, params.arguments, session.awaited.list(), extra.signal));
    }
    const clientKey = session.clientKey(caller.name);
    const wait = session.awaited.open();
    const call = {
      open: session.open,
      stopped: userCancel(extra.signal, session.leaving),
      abandoned: extra.signal,
      limits: () => limitsOf(session.open().config, caller.name),
      client: caller.name,
      clientKey,
      wait,
      takesTasks: caller.takesTasks,
      findFolder: () => findClientFolder(server, process.env),
      elicit: caller.asksBy === "request" ? elicitBy(extra) : undefined,
      isAskedByResult: caller.asksBy === "result",
      inputResponses: params["inputResponses"],
      requestState: params["requestState"],
      reportProgress: progressOf(params, extra),
    };
    const endMessages = messages.during(clientKey, extra);
    const answer = callTool(params.name, params.arguments, call, () => session.opened).finally(() => {
      endMessages();
      wait.close();
      if (session.opened !== undefined) void messages.follow(session.opened, clientKey);
    });
    return session.track(answer);
  });
}

/** Call of a tool with arguments of any kind: the tool reads them, and its errors name their faults. */
const ToolCallSchema = z.object({
  method: z.literal("tools/call"),
  params: z.looseObject({
    name: z.string(),
    arguments: z.unknown().optional(),
    _meta: z.looseObject({ progressToken: z.union([z.string(), z.int()]).optional() }).optional(),
  }),
});

/** Tools of the server, in the order of `tools/list`. */
export const ALL_TOOLS: readonly Tool[] = [
  codex,
  codexDispatch,
  codexReview,
  codexReply,
  codexWait,
  codexStatus,
  codexSend,
  codexCancel,
  codexDiff,
  codexCompare,
  codexMerge,
  codexDiscard,
];

/** Returns a function that asks a client's user during its call. The user may take any time. */
function elicitBy({ sendRequest }: Extra): Call["elicit"] {
  return (params, signal) =>
    sendRequest({ method: "elicitation/create", params }, ElicitResultSchema, { signal, timeout: MAX_TIMER_MS });
}

/**
 * Calls a tool. Any error becomes its result. The result also reports the client's tasks that have ended since.
 * @param opened returns the store if it is open
 */
async function callTool(
  name: string,
  args: unknown,
  call: Call,
  opened: () => AppContext | undefined,
): Promise<CallToolResult> {
  const endsFor = (data: object): EndReports => {
    const context = opened();
    // The answer to an abandoned call is not sent.
    if (context === undefined || call.abandoned.aborted) return {};
    const { answerBytes } = call.limits();
    return takeEndReports(context, { clientKey: call.clientKey, answerBytes, except: call.wait.others() }, data);
  };
  const startedAt = performance.now();
  try {
    const tool = ALL_TOOLS.find((candidate) => candidate.name === name);
    if (tool === undefined) throw unknownTool(name);
    const answer = await tool.call(args, call);
    const context = call.open();
    // The SDK requires content in each result; it is removed before the result is sent to the client.
    if ("task" in answer) call.wait.poll(answer.task);
    if ("task" in answer) return { ...toMcpTask(context, answer.task), resultType: "task", content: [] };
    if ("inputRequests" in answer) return { ...answer, resultType: "input_required", content: [] };
    const data = { ...answer.data, ...endsFor(answer.data) };
    return respond({ ...answer, data }, context.config.home, call.limits().answerBytes);
  } catch (error) {
    const failure = toFailure(error);
    if (failure.code === "internal") logger("mcp").error`${name}: ${describeFault(error)}`;
    return respondFailure(failure, endsFor({}));
  } finally {
    logger("mcp").debug`${name} took ${Math.round(performance.now() - startedAt)} ms`;
  }
}

/** Returns an error's description for the log. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function unknownTool(name: string): AppError {
  const names = ALL_TOOLS.map((tool) => tool.name).join(", ");
  return new AppError("invalid_argument", `There is no tool "${name}".`, `The tools: ${names}.`);
}

/**
 * Returns a signal that aborts when the user aborts a call. It does not abort when the client times out (its reason
 * says so) or the connection ends: these only detach, and the task keeps running.
 */
function userCancel(aborted: AbortSignal, leaving: AbortSignal): AbortSignal {
  const user = new AbortController();
  const onAbort = () => {
    if (!leaving.aborted && !isTimeout(aborted.reason)) user.abort();
  };
  if (aborted.aborted) onAbort();
  else aborted.addEventListener("abort", onAbort, { once: true });
  return user.signal;
}

function isTimeout(reason: unknown): boolean {
  return /time[ds]?[\s_-]?out|deadline/i.test(String(reason));
}
