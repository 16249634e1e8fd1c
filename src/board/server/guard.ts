import { KEY_HEADER, KEY_PARAMETER, KEY_STORAGE } from "#board/api/failure.ts";
import { respondJson, respondWith } from "./respond.ts";
import type { Route } from "./route.ts";
import { type BoardSessions, cookieOf } from "./session.ts";

/** Names by which the board is reached: through a tunnel the port may be another one. A name that a foreign server owns is not among them. */
const LOCAL_NAMES: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Facts about the board that the guard needs. */
export interface GuardSettings {
  sessions: BoardSessions;
  /** Name of the cookie that recognizes a browser. */
  cookie: string;
  isReadOnly: boolean;
}

/** Name of the parameter of the board's address that has the token. */
export const TOKEN_PARAMETER = "token";

/**
 * Checks that a request comes from a page of this board, in the browser of a user who has its token.
 * @param route undefined if there is no such route
 * @returns the answer of a refusal, or undefined if the request may be answered
 */
export function admit(request: Request, route: Route | undefined, settings: GuardSettings): Response | undefined {
  const { sessions, cookie, isReadOnly } = settings;
  const host = request.headers.get("host");
  if (host === null || !isLocal(host)) {
    return refuse(403, "foreign_host", "The board only answers to 127.0.0.1 and localhost.");
  }
  if (!isOwnOrigin(request, host)) {
    return refuse(403, "foreign_origin", "The board does not answer to pages of other origins.");
  }
  const entered = readToken(request);
  if (entered !== undefined && sessions.accepts(cookieOf(entered))) return enter(entered, cookie);
  // A server at another port can set a cookie of this name, which must not hide the right one.
  const known = readCookies(request, cookie).filter((value) => sessions.accepts(value));
  if (known.length === 0) return refuse(401, "no_session", "The board does not know this browser.");
  if (route?.kind !== "data" && route?.kind !== "action") return undefined;
  const key = readKey(request, route);
  if (key === undefined || !known.includes(cookieOf(key))) {
    return refuse(403, "no_key", "Data and actions are only available to the board's page.");
  }
  if (route.kind === "action" && isReadOnly) {
    return refuse(403, "read_only", "This board is read-only.", "Start codex-mcp-server board without --read-only.");
  }
  return undefined;
}

/** Returns whether a Host header names this machine. */
function isLocal(host: string): boolean {
  const parsed = URL.parse(`http://${host}`);
  return parsed?.host === host.toLowerCase() && LOCAL_NAMES.has(parsed.hostname);
}

/** Returns the token in the address that the board printed. */
function readToken({ method, url }: Request): string | undefined {
  const { pathname, searchParams } = new URL(url);
  return method === "GET" && pathname === "/" ? (searchParams.get(TOKEN_PARAMETER) ?? undefined) : undefined;
}

/** Returns the token that a request carries to prove that the board's page sends it. */
function readKey({ headers, url }: Request, { kind }: Route): string | undefined {
  const parameter = kind === "data" ? new URL(url).searchParams.get(KEY_PARAMETER) : undefined;
  return headers.get(KEY_HEADER) ?? parameter ?? undefined;
}

/**
 * Returns the answer to a request with the token: a page that stores it and leads to the board. A redirection would not have the cookie, because browsers
 * count it as part of the navigation from the file or program that has opened the address.
 */
function enter(token: string, cookie: string): Response {
  return respondWith(ENTRY_PAGE, {
    "content-type": "text/html; charset=utf-8",
    "set-cookie": `${cookie}=${cookieOf(token)}; HttpOnly; SameSite=Strict; Path=/`,
  });
}

const ENTRY_SCRIPT_PATH = "/enter.js";

const ENTRY_PAGE = `<!doctype html><meta charset="utf-8"><title>Board</title><link rel="icon" href="data:,"><script src="${ENTRY_SCRIPT_PATH}"></script>`;

const ENTRY_SCRIPT = `
try {
  localStorage.setItem("${KEY_STORAGE}", new URLSearchParams(location.search).get("${TOKEN_PARAMETER}"));
} finally {
  location.replace("/");
}
`;

/** Route of the script of the page that a browser with the token gets first. */
export const ENTRY_ROUTE: Route = {
  method: "GET",
  path: ENTRY_SCRIPT_PATH,
  kind: "file",
  handle: () => respondWith(ENTRY_SCRIPT, { "content-type": "text/javascript; charset=utf-8" }),
};

/** Returns whether the browser says that a page of the same origin, or the user, sent the request. */
function isOwnOrigin(request: Request, host: string): boolean {
  const origin = request.headers.get("origin");
  if (origin !== null && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return false;
  const site = request.headers.get("sec-fetch-site");
  if (site === null || site === "same-origin" || site === "none") return true;
  // A link in another program's page may open the board, but nothing else.
  return request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
}

/** Returns the values of the cookies of a name. */
function readCookies(request: Request, name: string): string[] {
  const prefix = `${name}=`;
  const parts = (request.headers.get("cookie") ?? "").split(";").map((part) => part.trim());
  return parts.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length));
}

function refuse(status: number, code: string, message: string, hint = HINT): Response {
  return respondJson({ code, message, hint }, status);
}

const HINT = "Open the address that codex-mcp-server board prints.";
