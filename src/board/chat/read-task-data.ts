import { AppError } from "#base/errors.ts";
import type { BoardContext } from "#board/server/route.ts";
import { API_ROUTES } from "#board/server/routes.ts";

/** Parts of a task's page that its view in the chat reads, with the board's routes that have them. */
const ROUTES = {
  task: "/api/tasks/:id",
  log: "/api/tasks/:id/log",
  output: "/api/tasks/:id/output",
  search: "/api/tasks/:id/search",
  diff: "/api/tasks/:id/diff",
  patch: "/api/tasks/:id/patch",
} as const;

/** One of the parts of {@link ROUTES}. */
export type TaskDataPart = keyof typeof ROUTES;

/**
 * Returns the answer that the board gives for a part of a task. Only routes that read are reached.
 * @throws what the route's handler throws
 */
export async function readTaskData(
  context: BoardContext,
  part: TaskDataPart,
  id: string,
  query: Readonly<Record<string, string | number>>,
  signal: AbortSignal,
): Promise<Response> {
  const path = ROUTES[part];
  const route = API_ROUTES.find((each) => each.method === "GET" && each.kind === "data" && each.path === path);
  if (route === undefined) {
    throw new AppError("nothing_to_read", `This version has no ${part} of tasks in the chat.`, "Open the board.");
  }
  // No server is asked: the address only carries the parameters.
  const url = new URL(`http://127.0.0.1${path.replace(":id", () => encodeURIComponent(id))}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return route.handle(context, { request: new Request(url.href, { signal }), url, params: { id } });
}
