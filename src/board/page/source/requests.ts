import { ACTION_HEADER, ACTION_META, type ApiFailure } from "#board/api/failure.ts";
import { RequestError } from "./request-error.ts";

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

/** Sends an action. @throws RequestError */
export async function act<T>(path: string, body: object = {}): Promise<T> {
  const response = await send(path, {
    method: "POST",
    headers: { "content-type": "application/json", [ACTION_HEADER]: readActionKey() },
    body: JSON.stringify(body),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return (await response.json()) as T;
}

function readActionKey(): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${ACTION_META}"]`)?.content ?? "";
}

async function send(path: string, options: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, options);
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
