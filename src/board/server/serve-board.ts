import { toCommandHint } from "#base/command-hints.ts";
import { AppError, toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { admit, ENTRY_ROUTE, TOKEN_PARAMETER } from "./guard.ts";
import { type EmbeddedPage, loadBoardPage, respondPage, respondPageFile } from "./page-files.ts";
import { respondError, toReadable } from "./respond.ts";
import type { BoardContext, Route } from "./route.ts";
import { API_ROUTES, PAGE_PATHS } from "./routes.ts";
import { BoardSessions } from "./session.ts";
import { makeBoardFolder } from "./temporary-folder.ts";

/** Running board. */
export interface Board {
  /** Address with the token: every browser that opens it may use the board. */
  address: string;
  port: number;
  /** Digest of the token, by which a later board recognizes its pages. */
  digest: string;
  stop: () => Promise<void>;
}

/** Settings of a board. */
export interface BoardSettings extends Pick<BoardContext, "app" | "info"> {
  /** Port; 0 for any. */
  port: number;
  /** Digests of the tokens of earlier boards at this port, whose pages are still accepted. */
  earlier?: readonly string[];
}

/** Time in which the last event of the streams is sent, in milliseconds. */
const LAST_EVENT_MS = 20;

/** Largest body of a request in bytes: a prompt of 1 MiB, escaped. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Starts the board on 127.0.0.1.
 * @throws AppError `port_in_use`
 */
export async function serveBoard({ app, info, port, earlier }: BoardSettings): Promise<Board> {
  const page = await loadBoardPage();
  const sessions = new BoardSessions(earlier);
  const temporary = makeBoardFolder(app.config.home);
  const stopping = new AbortController();
  const context: BoardContext = {
    app,
    info: { ...info, page: findScript(page) },
    temporary: temporary.path,
    stopping: stopping.signal,
  };
  const routes = [...pageRoutes(page), ...API_ROUTES];
  try {
    const server = listen(port, routes, context, sessions);
    return {
      address: `http://127.0.0.1:${server.port}/?${TOKEN_PARAMETER}=${sessions.token}`,
      port: server.port ?? port,
      digest: sessions.digest,
      stop: async () => {
        stopping.abort();
        // What the event streams say last is sent before the connections are closed.
        await Bun.sleep(LAST_EVENT_MS);
        await server.stop(true);
        temporary.remove();
      },
    };
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

/** Returns the path of the page's script. */
function findScript({ html }: EmbeddedPage): string {
  return /<script[^>]* src="([^"]+)"/.exec(html)?.[1] ?? "";
}

/** Returns the routes of the page and its files. */
function pageRoutes(page: EmbeddedPage): Route[] {
  const pages = PAGE_PATHS.map((path): Route => ({
    method: "GET",
    path,
    kind: "page",
    handle: () => respondPage(page),
  }));
  const files = [...page.files].map(([path, file]): Route => ({
    method: "GET",
    path,
    kind: "file",
    handle: () => respondPageFile(file),
  }));
  return [...pages, ...files, ENTRY_ROUTE];
}

type Handler = (request: Bun.BunRequest, server: Bun.Server<undefined>) => Promise<Response>;

function listen(
  port: number,
  routes: readonly Route[],
  context: BoardContext,
  sessions: BoardSessions,
): Bun.Server<undefined> {
  const table: Record<string, Partial<Record<Route["method"], Handler>>> = {};
  for (const route of routes) {
    (table[route.path] ??= {})[route.method] = async (request, server) => {
      // Streams stay open without a byte for longer than the usual limit.
      server.timeout(request, 0);
      return toReadable(await answer(request, route, context, settings()), request);
    };
  }
  const settings = () => ({ sessions, cookie: cookieName(server.port ?? port), isReadOnly: context.info.is_read_only });
  const server = start(port, {
    hostname: "127.0.0.1",
    port,
    maxRequestBodySize: MAX_BODY_BYTES,
    development: false,
    // Without development, Bun would share the port with other programs of this user, which would get some of the requests.
    reusePort: false,
    routes: table,
    fetch: async (request: Request) => toReadable(await answer(request, undefined, context, settings()), request),
    error: (error: Error) => respondError(toFailure(error)),
  });
  return server;
}

function start(port: number, options: Parameters<typeof Bun.serve<undefined>>[0]): Bun.Server<undefined> {
  try {
    return Bun.serve(options);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") throw error;
    throw new AppError("port_in_use", `Another program uses port ${port}.`, "Choose another with --port.");
  }
}

/** Returns the name of the board's cookie: browsers send the cookies of all ports of a host to each of them. */
function cookieName(port: number): string {
  return `codexmcp_board_${port}`;
}

async function answer(
  request: Request & { params?: Readonly<Record<string, string>> },
  route: Route | undefined,
  context: BoardContext,
  settings: Parameters<typeof admit>[2],
): Promise<Response> {
  try {
    const refusal = admit(request, route, settings);
    if (refusal !== undefined) return refusal;
    if (route === undefined) {
      return respondError({ code: "nothing_to_read", message: "The board has no such page.", hint: "Open /." });
    }
    return await route.handle(context, { request, url: new URL(request.url), params: request.params ?? {} });
  } catch (error) {
    const failure = toFailure(error);
    logger("app").debug`${request.method} ${new URL(request.url).pathname} failed: ${failure.message}`;
    // Hints of the layers below are for agents.
    return respondError({ ...failure, hint: toCommandHint(failure.hint, request.params?.["id"]) });
  }
}
