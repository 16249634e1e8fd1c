import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeBoard } from "#board/server/board-info.ts";
import type { BoardContext } from "#board/server/route.ts";
import type { AppContext } from "#tasks/context.ts";

/** Returns the state with which the board's handlers read for a chat. Their temporary files are removed when this process exits. */
export function openChatBoard(app: AppContext): BoardContext {
  const temporary = mkdtempSync(join(tmpdir(), "codexmcp-chat-"));
  process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));
  return { app, info: describeBoard(app, true), temporary };
}
