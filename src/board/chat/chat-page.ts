import chatPage from "#board/page/chat.html";
import { inlinePage, loadPage } from "#board/server/page-files.ts";

/**
 * Returns the page that shows a task in a chat, as one file.
 * @throws AppError `internal` if the program was not compiled
 */
export async function readChatPage(): Promise<string> {
  return inlinePage(await loadPage(chatPage), "");
}
