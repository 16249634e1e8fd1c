import type { AppContext } from "#tasks/context.ts";
import type { BoardInfo } from "#board/api/card.ts";

/** State that the handlers of a board share. */
export interface BoardContext {
  app: AppContext;
  info: BoardInfo;
  /** Folder for temporary files of this board, which is removed with it. */
  temporary: string;
  /** Aborts when the board ends. */
  stopping?: AbortSignal;
}

/** Request that has passed the guard. */
export interface BoardRequest {
  request: Request;
  url: URL;
  /** Parts of the path, by their names in the pattern, decoded. */
  params: Readonly<Record<string, string>>;
}

/**
 * Route of the board. `page` is an HTML page, `file` one of its files, neither of which has data of tasks. `data` is read by pages, with the
 * token. `action` changes something: it is only reached by POST, with the token, and not on a read-only board.
 */
export interface Route {
  method: "GET" | "POST";
  /** Path, in which `:name` is any one part. */
  path: string;
  kind: "page" | "file" | "data" | "action";
  handle: (context: BoardContext, request: BoardRequest) => Response | Promise<Response>;
}
