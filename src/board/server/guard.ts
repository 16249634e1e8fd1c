import { ACTION_HEADER } from "#board/api/failure.ts";
import { respondJson, respondWith } from "./respond.ts";
import type { Route } from "./route.ts";
import { actionKeyOf, type BoardSessions, isSame } from "./session.ts";

/** Names by which the board is reached: through a tunnel the port may be another one. A name that a foreign server owns is not among them. */
const LOCAL_NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Request that may be answered, with the proof of its session. */
export interface Admission {
  actionKey: string;
}

/** Facts about the board that the guard needs. */
export interface GuardSettings {
  sessions: BoardSessions;
  /** Name of the cookie that has the token. */
  cookie: string;
  isReadOnly: boolean;
}

/** Name of the parameter of the board's address that has the token. */
export const TOKEN_PARAMETER = "token";

/**
 * Checks that a request comes from a page of this board, in the browser of a user who has its token.
 * @param route undefined if there is no such route
 * @returns the answer of a refusal, or the admission
 */
export function admit(request: Request, route: Route | undefined, settings: GuardSettings): Response | Admission {
  const { sessions, cookie, isReadOnly } = settings;
  const host = request.headers.get("host");
  const parsed = URL.parse(`http://${host ?? ""}`);
  if (host === null || parsed === null || parsed.host !== host.toLowerCase() || !LOCAL_NAMES.has(parsed.hostname)) {
    return refuse(403, "foreign_host", "The board only answers to 127.0.0.1 and localhost.");
  }
  if (!isOwnOrigin(request, host)) {
    return refuse(403, "foreign_origin", "The board does not answer to pages of other origins.");
  }
  const entered = readToken(request);
  if (entered !== undefined && sessions.accepts(entered)) return enter(entered, cookie);
  const token = readCookie(request, cookie);
  if (!sessions.accepts(token)) return refuse(401, "no_session", "The board does not know this browser.");
  const actionKey = actionKeyOf(token);
  if (route?.kind !== "action") return { actionKey };
  if (!isSame(request.headers.get(ACTION_HEADER) ?? "", actionKey)) {
    return refuse(403, "no_action_key", "Actions are only accepted from the board's page.");
  }
  if (isReadOnly) {
    return refuse(403, "read_only", "This board is read-only.", "Start codex-mcp-server board without --read-only.");
  }
  return { actionKey };
}

/** Returns the token in the address that the board printed. */
function readToken({ method, url }: Request): string | undefined {
  const { pathname, searchParams } = new URL(url);
  return method === "GET" && pathname === "/" ? (searchParams.get(TOKEN_PARAMETER) ?? undefined) : undefined;
}

/**
 * Returns the answer to a request with the token: a page that leads to the board. A redirection would not have the cookie, because browsers
 * count it as part of the navigation from the file or program that has opened the address.
 */
function enter(token: string, cookie: string): Response {
  const page =
    '<!doctype html><meta charset="utf-8"><title>Board</title><link rel="icon" href="data:,"><meta http-equiv="refresh" content="0;url=/">';
  return respondWith(page, {
    "content-type": "text/html; charset=utf-8",
    "set-cookie": `${cookie}=${token}; HttpOnly; SameSite=Strict; Path=/`,
  });
}

/** Returns whether the browser says that a page of the same origin, or the user, sent the request. */
function isOwnOrigin(request: Request, host: string): boolean {
  const origin = request.headers.get("origin");
  if (origin !== null && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return false;
  const site = request.headers.get("sec-fetch-site");
  if (site === null || site === "same-origin" || site === "none") return true;
  // A link in another program's page may open the board, but nothing else.
  return request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
}

/** Returns the value of a cookie. */
function readCookie(request: Request, name: string): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name) return value;
  }
  return undefined;
}

function refuse(status: number, code: string, message: string, hint = HINT): Response {
  return respondJson({ code, message, hint }, status);
}

const HINT = "Open the address that codex-mcp-server board prints.";
