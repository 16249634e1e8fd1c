import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Failure } from "#lib/errors.ts";
import type { Answer } from "./define-tool.ts";

/**
 * The protocol's result: the answer as structured content and as text. Errors are text alone: clients
 * would hold their structured content against the tool's output schema.
 */
export function respond({ isError, data }: Answer): CallToolResult {
  const content: CallToolResult["content"] = [{ type: "text", text: JSON.stringify(data) }];
  return isError ? { isError: true, content } : { content, structuredContent: { ...data } };
}

/** A refusal or fault as a tool result. */
export function respondFailure({ message, code, hint }: Failure): CallToolResult {
  return respond({ isError: true, data: { success: false, error: message, code, hint } });
}
