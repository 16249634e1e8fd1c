import type { App } from "@modelcontextprotocol/ext-apps";
import { RequestError } from "#board/page/source/request-error.ts";
import { answerOf } from "./host.ts";
import { isFields, readToolFailure } from "./tool-result.ts";

/** Parameters of the tool that reads for this page. */
export interface PageCall {
  part: "task" | "log" | "output" | "search" | "diff" | "patch" | "state" | "started";
  task_id?: string;
  query?: Record<string, string | number>;
}

/** Reads a part of a task from the server, through the chat client. @throws RequestError */
export async function callPageTool<T>(app: App, call: PageCall): Promise<T> {
  const result = await answerOf(app.callServerTool({ name: "codex_page", arguments: { ...call } }));
  if (result.isError === true) throw new RequestError(readToolFailure(result));
  const data = result.structuredContent;
  if (!isFields(data) || !("data" in data)) {
    throw new RequestError({ code: "unknown", message: "The chat passed on an answer without data.", hint: "" });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return data["data"] as T;
}
