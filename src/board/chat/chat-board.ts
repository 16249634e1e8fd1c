import { hostname } from "node:os";
import { VERSION } from "#base/build.ts";
import type { BoardContext } from "#board/server/route.ts";
import { makeBoardFolder } from "#board/server/temporary-folder.ts";
import type { AppContext } from "#tasks/context.ts";

/** Returns the state with which the board's handlers read for a chat. Their temporary files are removed when this process exits. */
export function openChatBoard(app: AppContext): BoardContext {
  const { home, maxConcurrent } = app.config;
  const { path: temporary, remove } = makeBoardFolder(home);
  process.on("exit", remove);
  const info = { version: VERSION, host: hostname(), home, is_read_only: true, max_running: maxConcurrent };
  return { app, info, temporary };
}
