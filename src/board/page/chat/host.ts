import { App, type McpUiHostContext, PostMessageTransport } from "@modelcontextprotocol/ext-apps";
import { RequestError } from "#board/page/source/request-error.ts";
import type { ToolResult } from "./tool-result.ts";

/** Functions that are called when the host reports something. */
export interface HostEvents {
  onToolInput: (args: Readonly<Record<string, unknown>>) => void;
  onToolResult: (result: ToolResult) => void;
  onToolCancelled: () => void;
  /** Called with everything that the host has said about itself. */
  onContext: (context: McpUiHostContext) => void;
}

/** Returns the view's side of the connection with the chat client that shows it, which is not connected yet. */
export function createApp({ onToolInput, onToolResult, onToolCancelled, onContext }: HostEvents): App {
  const app = new App(
    { name: "codex-mcp-server", version: "1" },
    { availableDisplayModes: ["inline", "fullscreen"] },
    // The page asks for a height instead: it fills the height that it has, which would never change.
    { autoResize: false },
  );
  app.addEventListener("toolinput", (params) => onToolInput(params.arguments ?? {}));
  app.addEventListener("toolresult", onToolResult);
  app.addEventListener("toolcancelled", onToolCancelled);
  app.addEventListener("hostcontextchanged", () => onContext(app.getHostContext() ?? {}));
  app.onteardown = () => ({});
  return app;
}

/** Shakes hands with the host: from then on, events are reported. @throws RequestError */
export async function connectApp(app: App): Promise<void> {
  // Frames that the host shows beside this one could send messages, too.
  await answerOf(app.connect(new PostMessageTransport(window.parent, window.parent)));
}

/** Returns the host's answer to a request. @throws RequestError if it refuses or does not answer */
export async function answerOf<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RequestError({ code: "unreachable", message: `The request to the chat failed: ${reason}`, hint: "" });
  }
}
