import type { ReadResourceResult, Resource } from "@modelcontextprotocol/sdk/types.js";
import { VIEW_TYPE, VIEW_URI } from "./ui-extension.ts";

/** Settings of the page: it needs no other host, and copies commands and messages. */
const VIEW_META = {
  ui: {
    csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
    permissions: { clipboardWrite: {} },
    prefersBorder: true,
  },
};

/** Entry of the page in `resources/list`. */
export const VIEW_RESOURCE: Resource = {
  uri: VIEW_URI,
  name: "task-view",
  title: "View of a Codex task",
  description: "Page that shows a task in the chat: its conversation and its changes",
  mimeType: VIEW_TYPE,
  _meta: VIEW_META,
};

/** Returns the page. */
export async function readView(): Promise<ReadResourceResult> {
  // Only clients that show pages need it: the start of the server does not load it.
  const { readChatPage } = await import("#board/chat/chat-page.ts");
  return { contents: [{ uri: VIEW_URI, mimeType: VIEW_TYPE, text: await readChatPage(), _meta: VIEW_META }] };
}
