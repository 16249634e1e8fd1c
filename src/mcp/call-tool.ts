import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { AppError, toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import type { Call } from "./define-tool.ts";
import { respond, respondFailure } from "#mcp/answers/respond.ts";
import { toMcpTask } from "#mcp/task-extension/mcp-task.ts";
import { ALL_TOOLS } from "#mcp/tools/all-tools.ts";

/** Calls a tool. Any error becomes its result. */
export async function callTool(name: string, args: unknown, call: Call): Promise<CallToolResult> {
  const startedAt = performance.now();
  try {
    const tool = ALL_TOOLS.find((candidate) => candidate.name === name);
    if (tool === undefined) throw unknownTool(name);
    const answer = await tool.call(args, call);
    const context = call.open();
    // The SDK requires content in each result; it is removed before the result is sent to the client.
    if ("task" in answer) return { ...toMcpTask(context, answer.task), resultType: "task", content: [] };
    return respond(answer, context.config.home, call.limits().answerBytes);
  } catch (error) {
    const failure = toFailure(error);
    if (failure.code === "internal") logger("mcp").error`${name}: ${describeFault(error)}`;
    return respondFailure(failure);
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
