import type { App } from "@modelcontextprotocol/ext-apps";
import type { ApiFailure } from "#board/api/failure.ts";
import type { ResultBlock } from "./named-tasks.ts";
import { RequestError } from "#board/page/source/requests.ts";

/** Parameters of the tool that reads for this page. */
export interface PageCall {
  part: "task" | "log" | "output" | "search" | "diff" | "patch" | "state" | "started";
  task_id?: string;
  query?: Record<string, string | number>;
}

/** Reads a part of a task from the server, through the chat client. @throws RequestError */
export async function callPageTool<T>(app: App, call: PageCall): Promise<T> {
  const result = await app.callServerTool({ name: "codex_page", arguments: { ...call } }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError({
      code: "unreachable",
      message: `The chat did not pass the request on: ${reason}`,
      hint: "",
    });
  });
  if (result.isError === true) throw new RequestError(readToolFailure(result.content));
  const { structuredContent } = result;
  if (!hasData(structuredContent)) {
    throw new RequestError({ code: "unknown", message: "The chat passed on an answer without data.", hint: "" });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return structuredContent.data as T;
}

function hasData(content: unknown): content is { data: unknown } {
  return typeof content === "object" && content !== null && "data" in content;
}

/** Returns the failure that the content of a result says, in the words of the server or else of the chat client. */
export function readToolFailure(content: readonly ResultBlock[]): ApiFailure {
  const given = content.find(({ type }) => type === "text")?.text;
  const text = typeof given === "string" ? given : "The request failed.";
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked below
    const failure = JSON.parse(text) as Partial<Record<string, unknown>> | null;
    const [message, code, hint] = [failure?.["message"] ?? failure?.["error"], failure?.["code"], failure?.["hint"]];
    if (typeof message === "string") {
      return {
        code: typeof code === "string" ? code : "unknown",
        message,
        hint: typeof hint === "string" ? hint : "",
      };
    }
  } catch {
    // Not an answer of the server.
  }
  return { code: "unknown", message: text, hint: "" };
}
