import type { CallToolResult, TextContent } from "@modelcontextprotocol/sdk/types.js";
import type { Failure } from "#base/errors.ts";
import { shorten } from "#base/text.ts";
import { makeVisible } from "#base/visible-text.ts";
import { taskPaths } from "#store/store-paths.ts";
import { fitAnswer, fitText } from "./fit-answer.ts";
import { resourceUri } from "#mcp/resources/task-uri.ts";

/** Answer or error of a tool. */
export interface ToolData {
  isError: boolean;
  data: object;
  /** Text that stands before the data for clients that read only that. */
  text?: string;
}

/**
 * Returns a tool's answer as a protocol result: as structured content and as text, no larger than the client accepts.
 * Errors are text only, because clients would validate structured content against the tool's output schema.
 * @param home state folder, which contains results that are too large
 */
export function respond({ isError, data, text }: ToolData, home: string, answerBytes: number): CallToolResult {
  const wholeResultOf = (id: string) => `${taskPaths(home, id).result} and the resource ${resourceUri(id, "result")}`;
  const fitted = fitAnswer(data, answerBytes, wholeResultOf);
  const content: CallToolResult["content"] = [{ type: "text", text: JSON.stringify(fitted) }];
  if (text !== undefined) content.unshift(fitText<TextContent>({ type: "text", text }, answerBytes));
  return isError ? { isError: true, content } : { content, structuredContent: { ...fitted } };
}

/** Longest message in characters. A message may repeat what the client sent, which may have any length. */
const MAX_MESSAGE_LENGTH = 2000;

/** Returns a failure as fields of an answer about several things, of which others may have succeeded. */
export function toErrorFields({ message, code, hint }: Failure): { error: string; code: string; hint: string } {
  return { error: message, code, hint };
}

/**
 * Returns a refusal or fault as a tool result.
 * @param more further fields, of any answer
 */
export function respondFailure({ message, code, hint }: Failure, more: object = {}): CallToolResult {
  const [error, advice] = [message, hint].map(forReaders);
  const text = JSON.stringify({ success: false, error, code, hint: advice, ...more });
  return { isError: true, content: [{ type: "text", text }] };
}

/** Shortens a text and makes control characters visible as on terminals, because JSON needs six characters for each. */
function forReaders(text: string): string {
  return shorten(makeVisible(shorten(text, MAX_MESSAGE_LENGTH), true), MAX_MESSAGE_LENGTH);
}
