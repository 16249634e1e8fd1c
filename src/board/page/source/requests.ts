import { type ApiFailure, KEY_HEADER, KEY_STORAGE } from "#board/api/failure.ts";
import { RequestError } from "./request-error.ts";

/** Reads data as JSON. @throws RequestError */
export async function readJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const text = await readText(path, signal);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return JSON.parse(text) as T;
}

/** Reads data as text. @throws RequestError */
export async function readText(path: string, signal?: AbortSignal): Promise<string> {
  return read(path, signal, async (response) => response.text());
}

/** Reads a file. @throws RequestError */
export async function readBlob(path: string): Promise<Blob> {
  return read(path, undefined, async (response) => response.blob());
}

type Take<Content> = (response: Response) => Promise<Content>;

/** Reads an answer, and once more if the connection fails meanwhile. */
async function read<Content>(path: string, signal: AbortSignal | undefined, take: Take<Content>): Promise<Content> {
  try {
    return await readOnce(path, signal, take);
  } catch (error) {
    if (isFinal(error, signal)) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  try {
    return await readOnce(path, signal, take);
  } catch (error) {
    if (isFinal(error, signal)) throw error;
    throw new RequestError({
      code: "unreachable",
      message: "The board cannot be reached.",
      hint: "Check that codex-mcp-server board is still running.",
    });
  }
}

/** Time after which a read that has failed on the way is tried again, in milliseconds. */
const RETRY_MS = 500;

/** Returns whether another attempt would not help: the server has answered, or the answer is no longer wanted. */
function isFinal(error: unknown, signal: AbortSignal | undefined): boolean {
  return error instanceof RequestError || signal?.aborted === true;
}

async function readOnce<Content>(path: string, signal: AbortSignal | undefined, take: Take<Content>): Promise<Content> {
  const response = await fetchWithKey(path, signal === undefined ? {} : { signal });
  if (!response.ok) throw new RequestError(await readFailure(response));
  return take(response);
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

/** Sends an action, once: it may have been carried out even if its answer does not arrive. @throws RequestError */
export async function act<T>(path: string, body: object = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetchWithKey(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
    if (response.ok) return (await response.json()) as T;
  } catch {
    throw new RequestError({
      code: "unreachable",
      message: "The board did not answer, so it is not known whether this was done.",
      hint: "Check that codex-mcp-server board is still running, and look at the task before you try again.",
    });
  }
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
