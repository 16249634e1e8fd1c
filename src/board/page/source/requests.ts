import { type ApiFailure, KEY_HEADER, KEY_STORAGE } from "#board/api/failure.ts";

/** Failure of a request, in words. */
export class RequestError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint }: ApiFailure) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Returns anything that was thrown as the failure of a request. */
export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError({ code: "unknown", message: String(error), hint: "Reload the page." });
}

/** Reads data as JSON. @throws RequestError */
export async function readJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await send(path, signal === undefined ? {} : { signal });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return (await response.json()) as T;
}

/** Reads data as text. @throws RequestError */
export async function readText(path: string, signal?: AbortSignal): Promise<string> {
  return (await send(path, signal === undefined ? {} : { signal })).text();
}

/** Reads a file. @throws RequestError */
export async function readBlob(path: string): Promise<Blob> {
  return (await send(path, {})).blob();
}

/** Sends an action. @throws RequestError */
export async function act<T>(path: string, body: object = {}): Promise<T> {
  const response = await send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return (await response.json()) as T;
}

/** Returns the token that the page stored when it was entered; empty if there is none. */
export function readKey(): string {
  try {
    return localStorage.getItem(KEY_STORAGE) ?? "";
  } catch {
    return "";
  }
}

/** Sends a request with the token to the board's server. */
export async function fetchWithKey(path: string, options: RequestInit & { headers?: HeadersInit }): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set(KEY_HEADER, readKey());
  return fetch(path, { ...options, headers });
}

async function send(path: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetchWithKey(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new RequestError({
      code: "unreachable",
      message: "The board cannot be reached.",
      hint: "Check that codex-mcp-server board is still running.",
    });
  }
  if (response.ok) return response;
  throw new RequestError(await readFailure(response));
}

async function readFailure(response: Response): Promise<ApiFailure> {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked below
    const failure = (await response.json()) as Partial<ApiFailure>;
    if (failure.message !== undefined) return { code: "unknown", hint: "", ...failure, message: failure.message };
  } catch {
    // Not an answer of the board.
  }
  return { code: "unknown", message: `The board answered with status ${response.status}.`, hint: "Reload the page." };
}
