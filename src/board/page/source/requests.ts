import { ACTION_HEADER, ACTION_META, type ApiFailure } from "#board/api/failure.ts";
import { RequestError } from "./request-error.ts";

/** Reads data as JSON. @throws RequestError */
export async function readJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const text = await readText(path, signal);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
  return JSON.parse(text) as T;
}

/** Reads data as text, and once more if the connection fails meanwhile. @throws RequestError */
export async function readText(path: string, signal?: AbortSignal): Promise<string> {
  try {
    return await readOnce(path, signal);
  } catch (error) {
    if (isFinal(error, signal)) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  try {
    return await readOnce(path, signal);
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

async function readOnce(path: string, signal: AbortSignal | undefined): Promise<string> {
  const response = await fetch(path, signal === undefined ? {} : { signal });
  if (!response.ok) throw new RequestError(await readFailure(response));
  return response.text();
}

/** Sends an action, once: it may have been carried out even if its answer does not arrive. @throws RequestError */
export async function act<T>(path: string, body: object = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", [ACTION_HEADER]: readActionKey() },
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

function readActionKey(): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${ACTION_META}"]`)?.content ?? "";
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
