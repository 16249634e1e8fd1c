import type { Failure } from "#base/errors.ts";
import type { ApiFailure } from "#board/api/failure.ts";

/** Policy of the page: its own files only, no inline script, no other host, and no frame around it. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers of all answers. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": PAGE_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/** Returns an answer with the headers that all answers have. */
export function respondWith(
  body: ConstructorParameters<typeof Response>[0],
  headers: Record<string, string>,
  status = 200,
): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } });
}

/** Returns an answer with a value as JSON. */
export function respondJson(value: object, status = 200): Response {
  return respondWith(JSON.stringify(value), { "content-type": "application/json; charset=utf-8" }, status);
}

/** Returns an answer with a text that is shown as it is. */
export function respondText(text: string | Uint8Array<ArrayBuffer>): Response {
  return respondWith(text, { "content-type": "text/plain; charset=utf-8" });
}

/** Statuses of failures that are not the request's fault alone; all others have 400. */
const STATUSES: Partial<Record<string, number>> = {
  unknown_task: 404,
  nothing_to_read: 404,
  internal: 500,
  state_unusable: 503,
  state_newer: 503,
};

/** Returns the answer for a failure. */
export function respondError({ code, message, hint }: Failure, status = STATUSES[code] ?? 400): Response {
  return respondJson({ code, message, hint } satisfies ApiFailure, status);
}

/** Returns an answer as a person who opens an address can read it: a failure as a page. Programs, and the board's own page, get it as JSON. */
export async function toReadable(answer: Response, request: Request): Promise<Response> {
  const isForPeople = request.headers.get("accept")?.includes("text/html") === true;
  if (answer.ok || !isForPeople) return answer;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all failures have this form
  const { message, hint } = (await answer.json()) as ApiFailure;
  const [title, text] = [Bun.escapeHTML(message), Bun.escapeHTML(hint)];
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${title}</title><link rel="icon" href="data:,"></head><body><main><h1>${title}</h1><p>${text}</p></main></body></html>`;
  return respondWith(page, { "content-type": "text/html; charset=utf-8" }, answer.status);
}
