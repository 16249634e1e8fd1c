import { describeBoard } from "#board/server/board-info.ts";
import type { BoardContext } from "#board/server/route.ts";
import { makeBoardFolder } from "#board/server/temporary-folder.ts";
import type { AppContext } from "#tasks/context.ts";

/** Returns the state with which the board's handlers read for a chat. Their temporary files are removed when this process exits. */
export function openChatBoard(app: AppContext): BoardContext {
  const { path: temporary, remove } = makeBoardFolder(app.config.home);
  process.on("exit", remove);
  return { app, info: describeBoard(app, true), temporary };
}
