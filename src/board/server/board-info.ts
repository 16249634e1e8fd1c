import { hostname } from "node:os";
import { VERSION } from "#base/build.ts";
import type { BoardInfo } from "#board/api/card.ts";
import type { AppContext } from "#tasks/context.ts";

/** Returns the facts about this program that a board shows. */
export function describeBoard({ config }: AppContext, isReadOnly: boolean): BoardInfo {
  return {
    version: VERSION,
    host: hostname(),
    home: config.home,
    is_read_only: isReadOnly,
    max_running: config.maxConcurrent,
  };
}
